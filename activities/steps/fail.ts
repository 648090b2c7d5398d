import { fail, type FailWith } from '../../src/runbooks/kinds/fail';
import { StepFailed } from './outcomes';
import { stepKind } from './step-kind';

export const runFail = stepKind<FailWith>(fail, async ({ given }) => {
  throw new StepFailed(given.message);
});
