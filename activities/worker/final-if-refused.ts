import { ApplicationFailure } from '@temporalio/common';
import { Refusal } from '../../src/errors';

/** A refusal is final: trying again gives the same sentence. Away is not final. */
export async function finalIfRefused<T>(decide: () => Promise<T>): Promise<T> {
  try {
    return await decide();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const nonRetryable = error.code !== 'policy_unreachable';
    const type = error.code === 'not_relayed' ? 'NotRelayed' : 'Refusal';
    throw ApplicationFailure.create({ message: error.message, type, nonRetryable, cause: error });
  }
}
