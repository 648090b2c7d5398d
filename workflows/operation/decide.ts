import type { Admission, Judgement } from '../../src/operation/judgement';
import type { Asker } from '../../src/operation/asker';
import type { WorkerActivities } from '../../src/operation/ports';
import { checking, onTheSpot, reading } from '../activities';
import type { OperationInput } from '../contract';

export interface Decided {
  readonly asker: Asker;
  readonly admission: Admission;
  /** Absent where it was denied, `resolve` steps come first, or the first verdict had to go the long way. */
  readonly judgement?: Judgement;
}

/** A token has said who its bearer is. */
const bearer: Asker = { standing: 'member', groups: [] };

/**
 * Who asks, and what policy says. On the spot where that works, with what the bot knew of the person; what is away is
 * waited for by activities with patience.
 */
export async function decide(input: OperationInput): Promise<Decided> {
  const { request, known, timings } = input;
  const { requester } = request.body;
  const isMachine = requester.kind === 'machine';
  const first = isMachine || known ? await attempt(input, isMachine ? { asker: bearer } : { known }) : 'ask';
  if (typeof first !== 'string') return first;
  const asker = isMachine ? bearer : await whoIs(input, requester.id);
  const second = first === 'ask' ? await attempt(input, { asker }) : first;
  if (typeof second !== 'string') return second;
  return { asker, admission: await reading(timings).admit({ request, asker }) };
}

/** `ask`: nobody knows yet who asks. `away`: it could not be decided here in time. */
async function attempt(
  { request, timings }: OperationInput,
  who: Omit<Parameters<WorkerActivities['decide']>[0], 'request'>,
): Promise<Decided | 'ask' | 'away'> {
  try {
    const decision = await onTheSpot(timings).decide({ request, ...who });
    return decision.kind === 'decided' ? decision : 'ask';
  } catch {
    return 'away';
  }
}

/** Unknown means no, which policy says. */
async function whoIs({ timings }: OperationInput, user: string): Promise<Asker> {
  try {
    return await checking(timings, (activities) => activities.whoIs({ user }));
  } catch {
    return { standing: 'unknown', groups: 'unknown' };
  }
}
