import { denial, type Rule } from '../context';

/** While the newest policy commit cannot be read, strict environments take no new work; rollbacks they do. */
export const strict: Rule = ({ environment, world, isRollback, isBreakGlass }) => {
  if (!environment?.strict || world.policyProblem === undefined || isRollback || isBreakGlass) return {};
  return denial(
    'strict',
    `${environment.name} takes no new work now, because it is strict and the newest policy commit cannot be used (${world.policyProblem}); whoever made that commit has to mend it. Rollbacks still work.`,
    environment.source,
  );
};
