import { denial, type Rule } from '../context';
import { whenUnreachable } from '../unreachable';

/**
 * While the newest policy commit does not bind, strict environments take no new work; while the repository cannot be
 * asked, those that say so. Rollbacks they do.
 */
export const strict: Rule = ({ environment, world, isRollback, isBreakGlass }) => {
  const { policyProblem: problem, policyTrouble: trouble = 'refused' } = world;
  if (!environment || problem === undefined || isRollback || isBreakGlass) return {};
  const { name, source } = environment;
  if (environment.strict && trouble !== 'unreachable')
    return denial(
      'strict',
      `${name} takes no new work now, because it is strict and the newest policy commit cannot be used (${problem}); whoever made that commit has to mend it. Rollbacks still work.`,
      source,
    );
  if (trouble !== 'refused' && whenUnreachable(environment) === 'refuse')
    return denial(
      'strict',
      `${name} takes no new work now, because it ${environment.strict ? 'is strict' : 'refuses work then'} and nobody can say whether its policy still holds (${problem}); whoever runs Signalbox has to make the policy repository answer again. Rollbacks still work.`,
      source,
    );
  return {};
};
