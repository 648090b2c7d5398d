import type { AppliedChange } from '../../src/ledger/record';
import { instant, reasonOf } from '../say';
import { Ended } from './ended';
import type { Life } from './life';
import { beginsOn } from './resource';
import type { Allowed } from './state';
import { deferrable } from './urgency';

/** What every change of the applied state by this operation has in common. */
export function changeOf(life: Life, lane: NonNullable<Allowed['lane']>) {
  const fence = life.place.grant?.fence;
  return { ...lane, operation: life.facts.request.id, at: instant(), ...(fence && { fence }) };
}

/** No record, no side effect (law 8). */
export async function writeIntent(life: Life, judgement: Allowed): Promise<void> {
  const { request, admission } = life.facts;
  const version = admission?.version ?? request.version;
  life.recorder.write(
    'intent',
    {
      digest: judgement.plan.digest,
      policyCommit: judgement.policyCommit,
      votes: life.box.votes.map(({ person, decision, at }) => ({ person, decision, at })),
      fence: life.place.grant ? { ...life.place.grant.fence } : null,
    },
    { state: stateOf(life, judgement, version), resources: beginsOn(life, judgement) },
  );
  try {
    await recorded(life);
  } catch (error) {
    throw new Ended({
      kind: 'failed',
      sentence: `${life.title} was not started, because its record could not be written: ${reasonOf(error)}`,
    });
  }
}

function stateOf(life: Life, { lane }: Allowed, version: string | undefined): AppliedChange | undefined {
  // What stands in the lane of a resource is no service.
  if (!lane || lane.environment.startsWith('@')) return undefined;
  return {
    ...changeOf(life, lane),
    ...(version === undefined ? { kind: 'entered' } : { kind: 'started', version }),
  };
}

/**
 * A rollback and break-glass wait only so long for a Git host that is away; their record is tried on in the
 * background (law 5), and the outcome says that it came late.
 */
async function recorded(life: Life): Promise<void> {
  const goesOn = deferrable(life.facts.request);
  if (goesOn === undefined) return life.recorder.flush();
  if (await life.recorder.flushWithin(life.input.timings.deferMs)) return;
  life.intentDeferred = true;
  life.courier.thread({
    kind: 'changed',
    message: `The ledger cannot be written now; ${goesOn}, and its record follows when the Git host is back.`,
  });
}
