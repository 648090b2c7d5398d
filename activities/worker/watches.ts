import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { Policy } from '../../src/policy/policy';
import {
  FIRE,
  FIRINGS_ID,
  WATCH,
  WORKER_QUEUE,
  WORKFLOWS,
  type AnyWatchOrder,
  type Fire,
  type FiringsInput,
} from '../../workflows/contract';
import type { TriggerDeps } from './triggers';

/** Workflows that each watch something for a runbook. */
interface Watches {
  readonly type: string;
  /** What comes before the name of the runbook in their ids. */
  readonly prefix: string;
}

/** Where what came of nothing is told. */
export function tellOf({ channels }: Pick<Policy, 'channels'>): { readonly tell?: string } {
  const tell = channels.policy ?? channels.default;
  return tell === undefined ? {} : { tell };
}

/** Gives each watch its order, starts those that are missing and ends the others. Gives their ids. */
export async function keepWatches(
  { client, timings }: Pick<TriggerDeps, 'client' | 'timings'>,
  about: Watches & { readonly orders: readonly AnyWatchOrder[]; readonly formerly: readonly string[] },
): Promise<readonly string[]> {
  const { type, prefix, orders } = about;
  const wanted: string[] = [];
  for (const order of orders) {
    const workflowId = `${prefix}${order.runbook}`;
    await client.workflow.signalWithStart(type, {
      workflowId,
      taskQueue: WORKER_QUEUE,
      args: [{ timings, order }],
      signal: WATCH,
      signalArgs: [order],
      staticSummary: `Watches ${order.what}`.slice(0, 200),
    });
    wanted.push(workflowId);
  }
  for (const workflowId of await watchedBefore(client, about))
    if (!wanted.includes(workflowId)) await endWatch(client, workflowId);
  return wanted;
}

/** The runbook for which the workflow watches that asks; undefined for any other workflow. */
export function watchedFor({ type, prefix }: Watches): string | undefined {
  const { workflowType, workflowExecution } = Context.current().info;
  const id = workflowExecution?.workflowId ?? '';
  return workflowType === type && id.startsWith(prefix) ? id.slice(prefix.length) : undefined;
}

/** Hands something over, durably, to what starts runbooks. */
export async function fire({ client, timings }: Pick<TriggerDeps, 'client' | 'timings'>, what: Fire): Promise<void> {
  await client.workflow.signalWithStart(WORKFLOWS.firings, {
    workflowId: FIRINGS_ID,
    taskQueue: WORKER_QUEUE,
    args: [{ timings } satisfies FiringsInput],
    signal: FIRE,
    signalArgs: [what],
    staticSummary: 'Starts runbooks by what happens, each matter once',
  });
}

/** Lists lag by a moment, so what was ordered before is remembered, too. */
async function watchedBefore(
  client: Pick<Client, 'workflow'>,
  { type, prefix, formerly }: Watches & { readonly formerly: readonly string[] },
): Promise<ReadonlySet<string>> {
  const found = new Set(formerly.filter((id) => id.startsWith(prefix)));
  const query = `WorkflowType = '${type}' AND ExecutionStatus = 'Running'`;
  for await (const { workflowId } of client.workflow.list({ query })) found.add(workflowId);
  return found;
}

async function endWatch(client: Pick<Client, 'workflow'>, workflowId: string): Promise<void> {
  try {
    await client.workflow.getHandle(workflowId).signal(WATCH, null);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}
