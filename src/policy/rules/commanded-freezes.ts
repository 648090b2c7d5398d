import { instantWords, isExcepted, listed, nameIn, subjectOf, type Context, type Rule } from '../context';
import { freezeTeams } from '../hold-rights';
import type { Gate } from '../verdict';

/**
 * Freezes that somebody put on by command. A rollback passes them whatever policy says of other freezes, and so does a
 * change of the policy.
 */
export const commandedFreezes: Rule = (context) => {
  const { policy, request } = context;
  return {
    gates: commandedOn(context).map((freeze): Gate => {
      const what = freeze.service === undefined ? freeze.environment : `${freeze.service} in ${freeze.environment}`;
      const until = freeze.until ? ` until ${instantWords(new Date(freeze.until), policy.timezone)}` : '';
      const who = listed(freezeTeams(policy, freeze.service), 'or') || 'whoever policy names under holds.freeze.who';
      const message = `${nameIn(policy, freeze.by)} has frozen ${what}${until} (${freeze.reason}), which holds ${subjectOf(request)} back; it goes on by itself when that is over, and ${who} can thaw it.`;
      const base = { rule: 'freeze by command', holds: false, message, about: [freeze.by] };
      return freeze.until
        ? { kind: 'freeze', until: new Date(freeze.until).toISOString(), ...base }
        : { kind: 'prerequisite', ...base };
    }),
  };
};

/** The freezes by command that hold this work back now. */
export function commandedOn(context: Context): NonNullable<Context['world']['freezes']> {
  const { policy, request, world, now, isRollback, isBreakGlass } = context;
  const except = policy.file.holds?.freeze?.except ?? [];
  if (isRollback || isBreakGlass || request.kind === 'policy' || isExcepted(request, except)) return [];
  return (world.freezes ?? []).filter(
    (freeze) =>
      freeze.environment === request.environment &&
      (freeze.service === undefined || freeze.service === request.service) &&
      (freeze.until === undefined || Date.parse(freeze.until) > now.getTime()),
  );
}
