import type { Outcome } from '../src/operation/outcome';
import type { OperationInput } from './contract';
import { Life } from './operation/life';

/** One request on its way: from the first verdict to the recorded outcome. */
export async function operation(input: OperationInput): Promise<Outcome> {
  return new Life(input).live();
}
