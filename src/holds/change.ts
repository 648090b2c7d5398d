import {
  expectedTurns,
  longestReason,
  placeWords,
  type CommandedFreeze,
  type HeldLock,
  type HoldAct,
  type HoldEvent,
  type Holder,
  type Holds,
  type Lease,
  type Place,
} from './holds';

/** What policy grants whoever acts. */
export interface HoldGrant {
  readonly who: Holder;
  /** `own`: only what is theirs. */
  readonly scope: 'own' | 'any';
  /** Who may touch what is not theirs, in words. */
  readonly others: string;
  readonly channel: string;
  /** Length of a lease. */
  readonly forMs?: number;
  /** Whom a lock is handed to. */
  readonly to?: Holder;
}

/** Whether somebody may do this to what holds work back, and how far it goes. */
export type HoldRight =
  | {
      readonly kind: 'granted';
      readonly grant: HoldGrant;
      /** The team that lets them; `member` where every full member may, `holder` for what is theirs. */
      readonly as: string;
      readonly policyCommit: string;
    }
  | { readonly kind: 'refused'; readonly sentence: string }
  /** It did not come through a bot of ours: nobody is told. */
  | { readonly kind: 'not_relayed' };

/** What came of an act, or of time. */
export interface HoldChange {
  readonly holds: Holds;
  readonly events: readonly HoldEvent[];
  readonly answer: {
    readonly kind: 'done' | 'refused';
    /** Full sentences for whoever acted; they name nobody by id. */
    readonly sentence: string;
    /** People whom the sentence is about. */
    readonly about?: readonly string[];
  };
}

interface Act {
  readonly act: HoldAct;
  readonly grant: HoldGrant;
  /** ms */
  readonly now: number;
}

type Asked<Kind extends HoldAct['kind']> = {
  readonly act: Extract<HoldAct, { kind: Kind }>;
  readonly grant: HoldGrant;
  /** ms */
  readonly now: number;
};

const mostLocks = 500;
const mostQueued = 20;
const mostFreezes = 200;
/** Of all holds as JSON: at three bytes a character it stays below the two megabytes that Temporal takes as a memo. */
const mostLength = 500_000;

/** Carries out what policy has granted. Pure; nothing is done twice by saying the same twice. */
export function changeHolds(holds: Holds, asked: Act): HoldChange {
  const { act } = asked;
  if ('reason' in act && (act.reason?.length ?? 0) > longestReason)
    return refused(
      holds,
      `Nothing was done, because that reason has more than ${longestReason} characters; say it shorter, or link to where it stands.`,
    );
  const change = changed(holds, asked);
  // Whatever is full, work can be stopped and things can be let go.
  const isCrowded =
    ['lock', 'freeze', 'hand_over'].includes(act.kind) && JSON.stringify(change.holds).length > mostLength;
  if (!isCrowded) return change;
  return refused(
    holds,
    'Nothing was done, because so much is locked and frozen already that no more can be kept; unlock or thaw something first.',
  );
}

function changed(holds: Holds, asked: Act): HoldChange {
  const { act } = asked;
  switch (act.kind) {
    case 'lock':
      return lock(holds, { ...asked, act });
    case 'unlock':
      return unlock(holds, { ...asked, act });
    case 'hand_over':
      return handOver(holds, { ...asked, act });
    case 'freeze':
      return freeze(holds, { ...asked, act });
    case 'thaw':
      return thaw(holds, { ...asked, act });
    case 'stop':
      return stop(holds, { ...asked, act });
    case 'go':
      return go(holds, { ...asked, act });
  }
}

/** What time has ended: leases pass to the next in order, freezes thaw. */
export function endOfTime(holds: Holds, now: number): Omit<HoldChange, 'answer'> {
  const events: HoldEvent[] = [];
  const locks = holds.locks.flatMap((held) => {
    let current: HeldLock | undefined = held;
    while (current && Date.parse(current.holder.until) <= now) {
      events.push({ what: 'lock_expired', ...placeOf(current), of: current.holder.by });
      // The next lease begins when it is given, so that nobody's time runs out before they hear of it.
      const passed = passOn(current, now);
      events.push(...passed.events);
      current = passed.lock;
    }
    return current ? [current] : [];
  });
  const ended = holds.freezes.filter(({ until }) => until !== undefined && Date.parse(until) <= now);
  for (const freeze of ended) events.push({ what: 'freeze_expired', ...placeOf(freeze), of: freeze.by });
  if (events.length === 0) return { holds, events };
  return { holds: { ...holds, locks, freezes: holds.freezes.filter((each) => !ended.includes(each)) }, events };
}

function lock(holds: Holds, { act, grant, now }: Asked<'lock'>): HoldChange {
  const { service, environment, reason, change } = act;
  const { who, channel } = grant;
  const lease: Lease = { ...who, reason, forMs: grant.forMs ?? 0, ...(change === undefined ? {} : { change }) };
  const words = placeWords(act);
  const held = lockOn(holds, act);
  if (!held && holds.locks.length >= mostLocks)
    return refused(holds, `Nothing was locked, because ${mostLocks} locks are held already; unlock one of them first.`);
  if (held && held.holder.person !== who.person) return queueUp(holds, { held, lease, now });
  const holder = { ...lease, since: held?.holder.since ?? instantOf(now), until: instantOf(now + lease.forMs) };
  const mine: HeldLock = { service, environment, channel, holder, queue: held?.queue ?? [] };
  const { until } = holder;
  return {
    holds: withLock(holds, act, mine),
    events: [{ what: 'locked', ...placeOf(mine), by: who.by, to: who.by, reason, until, ...changeOf(lease) }],
    answer: done(
      `${words} is locked for ${change === undefined ? 'you' : `version ${change}`} until ${until}; the lock ends by itself then, and /signalbox unlock ends it earlier.`,
    ),
  };
}

function queueUp(
  holds: Holds,
  { held, lease, now }: { readonly held: HeldLock; readonly lease: Lease; readonly now: number },
): HoldChange {
  const known = held.queue.findIndex(({ person }) => person === lease.person);
  if (known < 0 && held.queue.length >= mostQueued)
    return refused(
      holds,
      `${mostQueued} people wait for the lock on ${placeWords(held)} already, so you are not queued; try again later.`,
    );
  const queue = known < 0 ? [...held.queue, lease] : held.queue.map((each, at) => (at === known ? lease : each));
  const position = known < 0 ? queue.length : known + 1;
  const turn = instantOf(Math.max(now, expectedTurns({ ...held, queue })[position - 1]!));
  return {
    holds: withLock(holds, held, { ...held, queue }),
    events: [
      {
        what: 'queued',
        ...placeOf(held),
        by: lease.by,
        of: held.holder.by,
        reason: lease.reason,
        position,
        until: turn,
        ...changeOf(lease),
      },
    ],
    answer: done(
      `${placeWords(held)} is locked by ${nameOf(held.holder)} (${held.holder.reason}), so you are number ${position} in the queue; it is your turn by ${turn} at the latest, and you are told then.`,
      [held.holder.by],
    ),
  };
}

function unlock(holds: Holds, { act, grant, now }: Asked<'unlock'>): HoldChange {
  const held = lockOn(holds, act);
  const words = placeWords(act);
  if (!held) return refused(holds, `${words} is not locked, so there was nothing to unlock.`);
  const { who, scope, others } = grant;
  const isOwn = held.holder.person === who.person;
  const waits = held.queue.some(({ person }) => person === who.person);
  if (!isOwn && waits && (scope === 'own' || act.reason === undefined))
    return {
      holds: withLock(holds, act, { ...held, queue: held.queue.filter(({ person }) => person !== who.person) }),
      events: [{ what: 'left', ...placeOf(held), by: who.by }],
      answer: done(`You no longer wait for the lock on ${words}; it stays with ${nameOf(held.holder)}.`, [
        held.holder.by,
      ]),
    };
  const objection = isOwn ? undefined : objectionTo({ verb: 'unlock', held, reason: act.reason, scope, others });
  if (objection !== undefined) return refused(holds, objection, [held.holder.by]);
  const passed = passOn(held, now);
  const unlocked: HoldEvent = { what: 'unlocked', ...placeOf(held), by: who.by, of: held.holder.by, ...reasonOf(act) };
  const next = passed.lock;
  return {
    holds: withLock(holds, act, next),
    events: [unlocked, ...passed.events],
    answer: next
      ? done(
          `Your part is done: the lock on ${words} has passed to ${nameOf(next.holder)}, who was next in the queue.`,
          [next.holder.by],
        )
      : done(`${words} is unlocked; what waited for it goes on by itself.`),
  };
}

function handOver(holds: Holds, { act, grant }: Asked<'hand_over'>): HoldChange {
  const held = lockOn(holds, act);
  const words = placeWords(act);
  if (!held) return refused(holds, `${words} is not locked, so there is nothing to hand over.`);
  const { who, to, scope, others } = grant;
  if (!to) return refused(holds, `The lock on ${words} stays where it is, because nobody is named who gets it.`);
  const isOwn = held.holder.person === who.person;
  const objection = isOwn ? undefined : objectionTo({ verb: 'hand over', held, reason: act.reason, scope, others });
  if (objection !== undefined) return refused(holds, objection, [held.holder.by]);
  if (held.holder.person === to.person)
    return refused(holds, `${nameOf(to)} has the lock on ${words} already, so nothing was changed.`, [to.by]);
  const { reason, change, forMs, since, until } = held.holder;
  const holder = {
    ...to,
    reason: act.reason ?? reason,
    forMs,
    since,
    until,
    ...(change === undefined ? {} : { change }),
  };
  const queue = held.queue.filter(({ person }) => person !== to.person);
  const event: HoldEvent = {
    what: 'handed_over',
    ...placeOf(held),
    by: who.by,
    of: held.holder.by,
    to: to.by,
    until,
    ...reasonOf(act),
  };
  return {
    holds: withLock(holds, act, { ...held, holder, queue }),
    events: [event],
    answer: done(`The lock on ${words} is with ${nameOf(to)} now, until ${until} as before.`, [to.by]),
  };
}

function freeze(holds: Holds, { act, grant, now }: Asked<'freeze'>): HoldChange {
  const { service, environment, reason, until } = act;
  const words = placeWords(act);
  const ends = until === undefined ? undefined : Date.parse(until);
  if (ends !== undefined && !(ends > now))
    return refused(holds, `${words} was not frozen, because the end of that freeze has passed; name a later one.`);
  const others = holds.freezes.filter((each) => !isAt(each, act));
  if (others.length >= mostFreezes)
    return refused(
      holds,
      `${words} was not frozen, because ${mostFreezes} freezes are in force; thaw one of them first.`,
    );
  const frozen: CommandedFreeze = {
    ...grant.who,
    environment,
    ...(service === undefined ? {} : { service }),
    channel: grant.channel,
    reason,
    since: instantOf(now),
    ...(ends === undefined ? {} : { until: instantOf(ends) }),
  };
  return {
    holds: { ...holds, freezes: [...others, frozen] },
    events: [
      { what: 'frozen', ...placeOf(frozen), by: grant.who.by, reason, ...(frozen.until && { until: frozen.until }) },
    ],
    answer: done(
      `${words} is frozen ${frozen.until ? `until ${frozen.until}` : 'until somebody thaws it'}; /signalbox thaw ends it earlier, and rollbacks still work.`,
    ),
  };
}

function thaw(holds: Holds, { act, grant }: Asked<'thaw'>): HoldChange {
  const frozen = holds.freezes.find((each) => isAt(each, act));
  if (!frozen)
    return refused(
      holds,
      `${placeWords(act)} is not frozen by a command, so there was nothing to thaw; a freeze in policy.yaml is lifted there.`,
    );
  return {
    holds: { ...holds, freezes: holds.freezes.filter((each) => each !== frozen) },
    events: [{ what: 'thawed', ...placeOf(frozen), by: grant.who.by, of: frozen.by }],
    answer: done(`${placeWords(act)} is thawed; what waited for it goes on by itself.`),
  };
}

function stop(holds: Holds, { act, grant, now }: Asked<'stop'>): HoldChange {
  const { reason } = act;
  const stopped = { ...grant.who, channel: grant.channel, reason, since: holds.stop?.since ?? instantOf(now) };
  return {
    holds: { ...holds, stop: stopped },
    events: [{ what: 'stopped', channel: grant.channel, by: grant.who.by, reason }],
    answer: done('Everything is stopped: nothing begins until somebody says /signalbox go, and rollbacks still work.'),
  };
}

function go(holds: Holds, { act, grant }: Asked<'go'>): HoldChange {
  const { stop: stopped, ...rest } = holds;
  if (!stopped) return refused(holds, 'Nothing is stopped, so there was nothing to start again.');
  return {
    holds: rest,
    events: [{ what: 'resumed', channel: stopped.channel, by: grant.who.by, of: stopped.by, ...reasonOf(act) }],
    answer: done('The stop is lifted; what waited goes on by itself.'),
  };
}

/** The lock without its holder: with the next in the queue, or none. */
function passOn(held: HeldLock, now: number): { readonly lock?: HeldLock; readonly events: readonly HoldEvent[] } {
  const [next, ...queue] = held.queue;
  if (!next) return { events: [] };
  const until = instantOf(now + next.forMs);
  const granted: HoldEvent = {
    what: 'granted',
    ...placeOf(held),
    to: next.by,
    reason: next.reason,
    until,
    ...changeOf(next),
  };
  return { lock: { ...held, holder: { ...next, since: instantOf(now), until }, queue }, events: [granted] };
}

function objectionTo(asked: {
  readonly verb: string;
  readonly held: HeldLock;
  readonly reason?: string;
  readonly scope: HoldGrant['scope'];
  readonly others: string;
}): string | undefined {
  const { verb, held, reason, scope, others } = asked;
  const words = `the lock of ${nameOf(held.holder)} on ${placeWords(held)}`;
  if (scope === 'own')
    return `You may not ${verb} ${words}, because only they and ${others} may; ask one of them, or queue for it with /signalbox lock.`;
  if (reason === undefined) return `Say in quotes why, because ${words} is not yours and they are told the reason.`;
  return undefined;
}

function lockOn({ locks }: Holds, place: Place): HeldLock | undefined {
  return locks.find((each) => isAt(each, place));
}

function withLock(holds: Holds, place: Place, next: HeldLock | undefined): Holds {
  const others = holds.locks.filter((each) => !isAt(each, place));
  return { ...holds, locks: next ? [...others, next] : others };
}

function isAt(left: Place, right: Place): boolean {
  return left.environment === right.environment && left.service === right.service;
}

function placeOf({
  environment,
  service,
  channel,
}: Place & { readonly channel: string }): Pick<HoldEvent, 'environment' | 'service' | 'channel'> {
  return { environment, ...(service === undefined ? {} : { service }), channel };
}

function changeOf({ change }: Lease): { readonly change?: string } {
  return change === undefined ? {} : { change };
}

function reasonOf({ reason }: { readonly reason?: string }): { readonly reason?: string } {
  return reason === undefined ? {} : { reason };
}

function nameOf({ name, by }: Holder): string {
  return name ?? by;
}

function instantOf(ms: number): string {
  return new Date(ms).toISOString();
}

function done(sentence: string, about?: readonly string[]): HoldChange['answer'] {
  return { kind: 'done', sentence, ...(about && { about }) };
}

function refused(holds: Holds, sentence: string, about?: readonly string[]): HoldChange {
  return { holds, events: [], answer: { kind: 'refused', sentence, ...(about && { about }) } };
}
