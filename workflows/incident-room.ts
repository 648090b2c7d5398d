import type { IncidentRequest } from '../src/incidents/incident';
import { messaging } from './activities';
import type { OperationTimings } from './contract';

/** Plain JSON that survives continue-as-new. */
export interface RoomState {
  readonly channel?: string;
  readonly people: readonly string[];
  readonly notDone: readonly string[];
}

/**
 * Who is in an incident, and its own channel where the workspace allows one. What Slack does not do is noted and holds
 * nobody up.
 */
export class IncidentRoom {
  channel: string | undefined;
  /** Things the workspace could not do, said once. */
  notDone: readonly string[];
  /** Whether somebody is being invited. */
  busy = false;
  private readonly people: Set<string>;
  private uninvited: string[] = [];

  constructor(
    private readonly spec: {
      readonly request: IncidentRequest;
      readonly timings: OperationTimings;
      /** Told whenever the card has something new to show. */
      readonly changed: () => void;
      readonly carried?: RoomState;
    },
  ) {
    const { request, carried } = spec;
    this.channel = carried?.channel;
    this.notDone = carried?.notDone ?? [];
    this.people = new Set(carried?.people ?? [request.declaredBy]);
  }

  get state(): RoomState {
    return { channel: this.channel, people: [...this.people], notDone: this.notDone };
  }

  has(user: string): boolean {
    return this.people.has(user);
  }

  /** A channel of its own where the workspace allows it; else the incidents channel's thread is the room. */
  async open(shortId: string): Promise<void> {
    const { id, severity, summary, service, environment, declaredAt } = this.spec.request;
    const day = declaredAt.slice(0, 10).replaceAll('-', '');
    const stem = ['inc', day, service ?? 'general', environment].filter((part) => part !== undefined).join('-');
    const where = [service, environment && `in ${environment}`].filter((part) => part !== undefined).join(' ');
    try {
      const room = await messaging(this.spec.timings).openRoom({
        incidentId: id,
        name: `${stem.toLowerCase().slice(0, 68)}-${shortId}`.toLowerCase(),
        topic: `${severity}${where && ` ${where}`}: ${summary}`.slice(0, 240),
        invite: [this.spec.request.declaredBy],
      });
      this.channel = room.channel;
      for (const what of room.notDone) this.lacks(what);
      void this.invite();
    } catch {
      this.lacks('The incident has no channel of its own, because Slack did not answer; its thread is the room.');
    }
    this.spec.changed();
  }

  /** Whoever comes before the channel is there is invited once it is. */
  bringIn(user: string): void {
    if (this.people.has(user)) return;
    this.people.add(user);
    this.uninvited.push(user);
    void this.invite();
  }

  lacks(what: string): void {
    if (!this.notDone.includes(what)) this.notDone = [...this.notDone, what];
  }

  private async invite(): Promise<void> {
    if (this.busy || !this.channel) return;
    this.busy = true;
    while (this.uninvited.length > 0) {
      const people = this.uninvited.splice(0);
      const { notDone } = await messaging(this.spec.timings)
        .invite({ channel: this.channel, people })
        .catch(() => ({ notDone: ['Not everybody could be invited, because Slack did not answer.'] }));
      for (const what of notDone) this.lacks(what);
      this.spec.changed();
    }
    this.busy = false;
  }
}
