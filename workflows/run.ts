import { ApplicationFailure } from '@temporalio/workflow';
import type { RunResult } from '../src/operation/outcome';
import type { RunInput } from './run/state';
import { RunV1 } from './run/v1';

/** Carries out a plan with the interpreter of its format. */
export async function run(input: RunInput): Promise<RunResult> {
  switch (input.plan.format) {
    case 1:
      return new RunV1(input).execute();
    default:
      throw ApplicationFailure.nonRetryable('This plan has a format that this worker does not know.', 'UnknownFormat');
  }
}
