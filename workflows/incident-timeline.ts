import type { IncidentEvent } from '../src/incidents/incident';

const shownEvents = 12;
/** The ledger and the thread have all of them. */
const keptEvents = 60;
const keptPinned = 4;

/** Plain JSON that survives continue-as-new. */
export interface TimelineState {
  readonly pinned: readonly IncidentEvent[];
  readonly events: readonly IncidentEvent[];
  /** How many older ones are kept no longer. */
  readonly dropped: number;
}

/** Lines in the order in which things happened, however late they are heard of. Bounded: the oldest are let go. */
export class Timeline {
  private readonly pinned: IncidentEvent[];
  private readonly events: IncidentEvent[];
  private dropped: number;

  constructor(carried: TimelineState = { pinned: [], events: [], dropped: 0 }) {
    this.pinned = [...carried.pinned];
    this.events = [...carried.events];
    this.dropped = carried.dropped;
  }

  add(event: IncidentEvent): void {
    if (event.pinned && this.pinned.length < keptPinned) {
      this.pinned.push(event);
      return;
    }
    // News belongs at the end nearly always, so its place is looked for from there.
    let place = this.events.length;
    while (place > 0 && this.events[place - 1]!.at > event.at) place -= 1;
    this.events.splice(place, 0, event);
    if (this.events.length <= keptEvents) return;
    this.events.shift();
    this.dropped += 1;
  }

  /** Everything that is kept, what is pinned first. */
  get all(): readonly IncidentEvent[] {
    return [...this.pinned, ...this.events];
  }

  /** What a card has room for, and how many lines it leaves out. */
  get shown(): { readonly timeline: readonly IncidentEvent[]; readonly moreEvents: number } {
    const newest = this.events.slice(-(shownEvents - this.pinned.length));
    return { timeline: [...this.pinned, ...newest], moreEvents: this.dropped + this.events.length - newest.length };
  }

  get state(): TimelineState {
    return { pinned: this.pinned, events: this.events, dropped: this.dropped };
  }
}
