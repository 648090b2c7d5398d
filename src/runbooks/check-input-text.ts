import { checkStep, type Found } from './check-step';
import type { Library } from './library';
import type { Runbook, RunbookStep } from './schema';
import { namesFor } from './scope';

/** What is wrong with a text that is known before anybody approves, so that it looks at nothing but the inputs. */
export function inputTextProblems(about: {
  readonly text: string;
  readonly inputs: Runbook['inputs'];
  readonly library: Library;
}): readonly Found[] {
  const { text, inputs = {}, library } = about;
  const step: RunbookStep = { uses: 'fail', with: { message: text } };
  return checkStep({
    step,
    id: '@text',
    names: () => namesFor({ inputs, resolve: {}, steps: {}, tells: [] }),
    later: new Set(),
    library,
    inputs,
    connectionInputs: new Map(),
    secretInputs: {},
    isForTargets: false,
    part: 'steps',
  });
}
