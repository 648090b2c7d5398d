import { evaluateCondition } from '../../src/runbooks/expressions';
import { expect, type ExpectWith } from '../../src/runbooks/kinds/expect';
import { StepFailed } from './outcomes';
import { stepKind } from './step-kind';

export const runExpect = stepKind<ExpectWith>(expect, async ({ given, variables }) => {
  const result = evaluateCondition(given.that, variables);
  if (!result.ok) throw new StepFailed(`The expectation cannot be checked: ${result.message}.`);
  if (!result.value) throw new StepFailed(given.else ?? `It was expected that ${given.that}, and it is not so.`);
  return { tells: {}, summary: 'as expected' };
});
