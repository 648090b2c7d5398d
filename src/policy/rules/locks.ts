import { instantWords, listed, nameIn, subjectOf, type Context, type Rule } from '../context';
import { unlockTeams } from '../hold-rights';
import type { World } from '../request';
import type { Gate } from '../verdict';

type Lock = NonNullable<World['locks']>[number];

/**
 * A lock holds back whatever it is not for: a lock for one version lets that version pass, whoever asks for it, and
 * nothing else, not even of whoever locked; a lock without lets the work of its holder pass, by all their accounts.
 */
export const locks: Rule = (context) => {
  const { request, world, now, isRollback, isBreakGlass } = context;
  if (isRollback || isBreakGlass) return {};
  const held = (world.locks ?? []).filter(
    (lock) =>
      !isFor(lock, context) &&
      (lock.service === undefined || lock.service === request.service) &&
      (lock.environment === undefined || lock.environment === request.environment) &&
      (lock.until === undefined || Date.parse(lock.until) > now.getTime()),
  );
  return { gates: held.map((lock) => gate(lock, context)) };
};

function isFor({ change, by }: Lock, { policy, request }: Context): boolean {
  if (change !== undefined) return request.version === change;
  const { personOf } = policy.people;
  return request.requester.kind === 'person' && personOf(by) === personOf(request.requester.id);
}

function gate(lock: Lock, { policy, request }: Context): Gate {
  const until = lock.until ? ` until ${instantWords(new Date(lock.until), policy.timezone)}` : '';
  const change = lock.change === undefined ? '' : ` for version ${lock.change} alone`;
  const others = listed(unlockTeams(policy), 'or');
  const who = others === '' ? 'only they can unlock it' : `they or ${others} can unlock it`;
  const message = `${nameIn(policy, lock.by)} has locked this${change}${until} (${lock.reason}), which holds ${subjectOf(request)} back; it goes on by itself after that, and ${who}.`;
  const base = { rule: 'lock', holds: false, message, about: [lock.by] };
  return lock.until
    ? { kind: 'freeze', until: new Date(lock.until).toISOString(), ...base }
    : { kind: 'prerequisite', ...base };
}
