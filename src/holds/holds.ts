/** One service in one environment, or with `service` absent the whole environment. */
export interface Place {
  readonly environment: string;
  readonly service?: string;
}

/** Who asked for a hold. `person` is the same for all accounts of one person. */
export interface Holder {
  /** Slack user id. */
  readonly by: string;
  readonly person: string;
  /** As `people.yaml` has it. */
  readonly name?: string;
}

/** A turn with a lock: of a person, and with `change` of that version alone. */
export interface Lease extends Holder {
  readonly reason: string;
  readonly change?: string;
  readonly forMs: number;
}

export interface HeldLock {
  readonly service: string;
  readonly environment: string;
  /** Where what happens to it is told. */
  readonly channel: string;
  /** ISO 8601 UTC, as all instants here. */
  readonly holder: Lease & { readonly since: string; readonly until: string };
  /** In order: the first gets it next. */
  readonly queue: readonly Lease[];
}

export interface CommandedFreeze extends Place, Holder {
  readonly channel: string;
  readonly reason: string;
  readonly since: string;
  /** Absent: until somebody thaws it. */
  readonly until?: string;
}

export interface Stop extends Holder {
  readonly channel: string;
  readonly reason: string;
  readonly since: string;
}

/** Everything that holds work back by command. Plain JSON: a workflow keeps it, and decisions read it. */
export interface Holds {
  readonly format: 1;
  readonly locks: readonly HeldLock[];
  readonly freezes: readonly CommandedFreeze[];
  readonly stop?: Stop;
}

/** Longest reason of a hold, in characters: everything that is held has to fit into one memo. */
export const longestReason = 300;

export const noHolds: Holds = { format: 1, locks: [], freezes: [] };

/** What people do to what holds work back. */
export type HoldAct =
  | {
      readonly kind: 'lock';
      readonly service: string;
      readonly environment: string;
      readonly reason: string;
      /** Absent: as long as policy gives. */
      readonly forMs?: number;
      /** Only this version passes, whoever asks for it. */
      readonly change?: string;
    }
  | {
      readonly kind: 'unlock';
      readonly service: string;
      readonly environment: string;
      /** Has to be there for somebody else's lock. */
      readonly reason?: string;
    }
  | {
      readonly kind: 'hand_over';
      readonly service: string;
      readonly environment: string;
      /** Slack user id. */
      readonly to: string;
      readonly reason?: string;
    }
  | {
      readonly kind: 'freeze';
      readonly environment: string;
      readonly service?: string;
      readonly reason: string;
      /** ISO 8601. */
      readonly until?: string;
    }
  | { readonly kind: 'thaw'; readonly environment: string; readonly service?: string }
  | { readonly kind: 'stop'; readonly reason: string }
  | { readonly kind: 'go'; readonly reason?: string };

/** One thing that happened to a hold: it is recorded, and told where it matters. */
export interface HoldEvent {
  readonly what:
    | 'locked'
    | 'queued'
    | 'left'
    | 'unlocked'
    | 'lock_expired'
    | 'granted'
    | 'handed_over'
    | 'frozen'
    | 'thawed'
    | 'freeze_expired'
    | 'stopped'
    | 'resumed';
  readonly channel: string;
  readonly service?: string;
  readonly environment?: string;
  /** Who did it; absent when time did. */
  readonly by?: string;
  /** Whose it was. */
  readonly of?: string;
  /** Who has it from now on. */
  readonly to?: string;
  readonly reason?: string;
  readonly change?: string;
  readonly until?: string;
  readonly position?: number;
}

/** Whether nothing holds anything back. */
export function isEmpty({ locks, freezes, stop }: Holds): boolean {
  return locks.length === 0 && freezes.length === 0 && stop === undefined;
}

/** When the next one ends by itself (ms); absent when none does. */
export function nextEnd({ locks, freezes }: Holds): number | undefined {
  const ends = [...locks.map(({ holder }) => holder.until), ...freezes.map(({ until }) => until)];
  const known = ends.filter((end) => end !== undefined).map((end) => Date.parse(end));
  return known.length === 0 ? undefined : Math.min(...known);
}

/** `checkout in production`, or only the environment. */
export function placeWords({ service, environment }: Place): string {
  return service === undefined ? environment : `${service} in ${environment}`;
}

/** When each in the queue can expect its turn at the latest, if everybody uses all of theirs (ms). */
export function expectedTurns({ holder, queue }: Pick<HeldLock, 'holder' | 'queue'>): readonly number[] {
  let at = Date.parse(holder.until);
  return queue.map(({ forMs }) => {
    const turn = at;
    at += forMs;
    return turn;
  });
}

const kinds: { readonly [kind in HoldAct['kind']]: true } = {
  lock: true,
  unlock: true,
  hand_over: true,
  freeze: true,
  thaw: true,
  stop: true,
  go: true,
};

/** Whether this is an act on a hold: what is relayed by the same way may be anything. */
export function isHoldAct(act: { readonly kind: string }): act is HoldAct {
  return Object.hasOwn(kinds, String(act?.kind));
}
