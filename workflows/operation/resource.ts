import { getExternalWorkflowHandle, ParentClosePolicy, startChild } from '@temporalio/workflow';
import type { RunResult } from '../../src/operation/outcome';
import type { ResourceChange } from '../../src/resources/resource';
import { reading } from '../activities';
import { leaseId, RESOURCE_GONE, WORKFLOWS } from '../contract';
import type { lease } from '../lease';
import { instant } from '../say';
import { changeBy } from './change-by';
import type { Life } from './life';
import { serversBegin, serversByRun, serversWithoutRun } from './servers';
import type { Allowed } from './state';

const dayMs = 24 * 3_600_000;

/** What the intent says of everything that is to be made or taken away. */
export function beginsOn(life: Life, judgement: Allowed): readonly ResourceChange[] {
  const own = beginsOnOne(life, judgement);
  return [...(own ? [own] : []), ...serversBegin(life, judgement)];
}

function beginsOnOne(life: Life, { resource }: Allowed): ResourceChange | undefined {
  if (!resource) return undefined;
  const by = changeBy(life, resource);
  return resource.act === 'create'
    ? { ...by, change: 'creating', about: resource.about }
    : { ...by, change: 'destroying' };
}

/** What became of everything by the run. */
export async function changedByRun(
  life: Life,
  judgement: Allowed,
  result: RunResult,
): Promise<readonly ResourceChange[]> {
  const own = await oneByRun(life, judgement, result);
  return [...(own ? [own] : []), ...(await serversByRun(life, judgement, result))];
}

async function oneByRun(
  life: Life,
  { resource, plan }: Allowed,
  result: RunResult,
): Promise<ResourceChange | undefined> {
  if (!resource) return undefined;
  const { begun } = result;
  if (result.kind === 'done' && resource.act === 'destroy') return { ...changeBy(life, resource), change: 'destroyed' };
  if (resource.act === 'create' && result.kind !== 'undone') {
    const made = await describe(life, plan.digest, begun);
    const by = changeBy(life, resource);
    if (result.kind === 'left')
      return { ...by, change: 'uncertain', because: result.reason, undoing: made.undoing, ...untilOf(resource) };
    return { ...by, change: 'made', ...made, ...untilOf(resource) };
  }
  const by = changeBy(life, resource);
  const isClean = result.kind === 'undone' && (result.kept ?? []).length === 0;
  if (isClean) return { ...by, change: resource.act === 'create' ? 'unmade' : 'stays' };
  const reason = result.kind === 'done' ? '' : result.reason;
  return { ...by, change: 'uncertain', because: reason, ...untilOf(resource) };
}

/** When the lease of what was to be made is over. */
function untilOf(resource: NonNullable<Allowed['resource']>): { readonly expiresAt?: string } {
  const leased = resource.act === 'create' ? resource.about.lease : undefined;
  return leased ? { expiresAt: instant(Date.now() + leased.forMs) } : {};
}

type Made = Pick<Extract<ResourceChange, { change: 'made' }>, 'outputs' | 'undoing'>;

/** What is recorded of it. Where nobody can tell in time, what the run itself told is kept as it is. */
async function describe({ input: { timings } }: Life, planDigest: string, begun: RunResult['begun']): Promise<Made> {
  const known = begun ?? { paths: [], outputs: {} };
  try {
    return await reading(timings).describeResource({ planDigest, begun: known });
  } catch {
    return { outputs: {}, undoing: known };
  }
}

/** What the outcome says of everything where no run said anything. */
export function changedWithoutRun(life: Life, judgement: Allowed, because: string): readonly ResourceChange[] {
  const own = oneWithoutRun(life, judgement, because);
  return [...(own ? [own] : []), ...serversWithoutRun(life, judgement, because)];
}

function oneWithoutRun(life: Life, { resource }: Allowed, because: string): ResourceChange | undefined {
  if (!resource) return undefined;
  const by = changeBy(life, resource);
  if (life.started) return { ...by, change: 'uncertain', because, ...untilOf(resource) };
  return { ...by, change: resource.act === 'create' ? 'unmade' : 'stays' };
}

/** Once it is on record: its lease begins, or whatever waits for its end need not any more. */
export async function followUp(life: Life, [change]: readonly ResourceChange[]): Promise<void> {
  const resource = life.facts.judgement?.resource;
  if (!resource || !change) return;
  if (change.change === 'destroyed' && resource.act === 'destroy')
    await getExternalWorkflowHandle(leaseId(resource.of))
      .signal(RESOURCE_GONE)
      .catch(() => undefined);
  if ((change.change !== 'made' && change.change !== 'uncertain') || resource.act !== 'create') return;
  const { owner, lease: leased } = resource.about;
  if (!leased || change.expiresAt === undefined) return;
  await startChild<typeof lease>(WORKFLOWS.lease, {
    workflowId: leaseId(life.facts.request.id),
    args: [
      {
        resource: { kind: resource.kind, name: resource.name },
        operation: life.facts.request.id,
        owner,
        lease: leased,
        createdAt: change.at,
        expiresAt: change.expiresAt,
        channel: life.facts.admission!.channel,
        lookAgainMs: dayMs,
        timings: life.input.timings,
      },
    ],
    parentClosePolicy: ParentClosePolicy.ABANDON,
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    staticSummary: `Lease of the ${resource.kind} ${resource.name}`,
  });
}
