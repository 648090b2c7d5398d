import { z } from 'zod';
import type { ChangeFacts } from '../code/change';

/** What somebody who asks policy tells of a change, by the names that conditions have for it. */
export const changeTold = z.strictObject({
  commits: z.number().int().optional(),
  files_changed: z.number().int().optional(),
  lines_added: z.number().int().optional(),
  lines_removed: z.number().int().optional(),
  is_step_back: z.boolean().optional(),
  first_by_author: z.boolean().optional(),
});

/** The same as the world has it; what is absent could not be told. */
export function changeFactsOf(told: z.infer<typeof changeTold>): ChangeFacts {
  return {
    commits: told.commits,
    filesChanged: told.files_changed,
    linesAdded: told.lines_added,
    linesRemoved: told.lines_removed,
    isStepBack: told.is_step_back,
    firstByAuthor: told.first_by_author,
  };
}
