import type { Found } from '../runbooks/check-step';
import { connectionProblem } from '../runbooks/connection-inputs';
import { parseDuration } from '../runbooks/duration';
import type { Library } from '../runbooks/library';
import type { PushTrigger } from '../runbooks/trigger-schema';

const looksAtCode = { name: 'on: push', connectionKinds: ['git'] as const };
const [shortestMs, longestMs] = [1_000, 3_600_000];

/** What is wrong with the meaning of `on: push`, apart from what all triggers have. */
export function pushProblems(
  { repository, branches, every }: PushTrigger,
  { connections }: Pick<Library, 'connections'>,
): readonly Found[] {
  const found: Found[] = [];
  const wrong =
    repository === undefined
      ? undefined
      : connectionProblem({ kind: looksAtCode, name: repository, known: connections });
  if (wrong) found.push({ path: ['repository'], ...wrong });
  for (const branch of branches)
    if (branch.startsWith('refs/'))
      found.push({
        path: ['branches'],
        message: `"${branch}" is the full name of a ref, and no branch is called that`,
        hint: `write ${branch.replace(/^refs\/(heads\/)?/, '') || 'main'}`,
      });
  const everyMs = every === undefined ? undefined : parseDuration(every);
  if (every !== undefined && (everyMs === undefined || everyMs < shortestMs || everyMs > longestMs))
    found.push({ path: ['every'], message: `"${every}" is not a time between two looks`, hint: 'write 1s to 1h' });
  return found;
}
