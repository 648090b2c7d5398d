import type { JsonObject } from '../json';
import type { Found } from './check-step';
import { inputTextProblems } from './check-input-text';
import { fillTemplates, hasTemplate } from './expressions';
import type { Library } from './library';
import type { Runbook } from './schema';

/** Of what a lane may be called: it becomes a part of a workflow's id. */
const laneForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** What is wrong with the lane that a runbook names, as far as its file says. */
export function laneProblems(runbook: Runbook, library: Library): readonly Found[] {
  const { lane, inputs } = runbook;
  if (lane === undefined) return [];
  const found = inputTextProblems({ text: lane, inputs, library });
  if (runbook.resource)
    return [
      {
        path: ['lane'],
        message: 'what makes a resource stands in the lane of that resource',
        hint: 'take "lane" out',
      },
    ];
  if (found.length > 0) return found.map((problem) => ({ ...problem, path: ['lane'] }));
  if (hasTemplate(lane) || laneForm.test(lane)) return [];
  const message = `"${lane.slice(0, 60)}" is no name of a lane: letters, digits, dots, hyphens and underscores, at most 100`;
  return [{ path: ['lane'], message }];
}

/** The lane that a run stands in by its own runbook; a problem is a full sentence. */
export function ownLane(
  { name: runbook, lane }: Pick<Runbook, 'name' | 'lane'>,
  { inputs, isOfService }: { readonly inputs: JsonObject; readonly isOfService: boolean },
): { readonly lane?: string } | { readonly problem: string } {
  if (lane === undefined) return {};
  if (isOfService)
    return {
      problem: `The runbook ${runbook} has a lane of its own, and work on a service in an environment stands in the lane of that; ask without the service, or have the owner of the policy repository take "lane" out of the runbook.`,
    };
  const filled = fillTemplates(lane, { inputs });
  const named = filled.ok ? String(filled.value) : '';
  if (laneForm.test(named)) return { lane: named };
  const why = filled.ok ? `“${named.slice(0, 60)}” is none` : filled.message;
  return {
    problem: `The lane of the runbook ${runbook} needs a name of letters, digits, dots, hyphens and underscores, at most 100, and ${why}; ask again with other inputs.`,
  };
}
