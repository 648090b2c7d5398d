import { instantWords, subjectOf, type Rule } from '../context';
import type { Gate } from '../verdict';

/** A lock that somebody put on a service or an environment holds everybody else back. */
export const locks: Rule = ({ policy, request, world, now, isRollback, isBreakGlass }) => {
  if (isRollback || isBreakGlass) return {};
  const held = (world.locks ?? []).filter(
    (lock) =>
      lock.by !== request.requester.id &&
      (lock.service === undefined || lock.service === request.service) &&
      (lock.environment === undefined || lock.environment === request.environment) &&
      (lock.until === undefined || Date.parse(lock.until) > now.getTime()),
  );
  return {
    gates: held.map((lock): Gate => {
      const until = lock.until ? ` until ${instantWords(new Date(lock.until), policy.timezone)}` : '';
      const message = `<@${lock.by}> has locked this${until} (${lock.reason}), which holds ${subjectOf(request)} back; ask them to unlock it.`;
      const base = { rule: 'lock', holds: false, message };
      return lock.until
        ? { kind: 'freeze', until: new Date(lock.until).toISOString(), ...base }
        : { kind: 'prerequisite', ...base };
    }),
  };
};
