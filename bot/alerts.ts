import { relay } from '../src/operation/relay';
import { firingAlerts, type Alerts, type alertmanagerBody } from '../src/triggers/alerts';
import { ALERTED, FIRINGS_ID, WORKER_QUEUE, WORKFLOWS, type FiringsInput } from '../workflows/contract';
import type { z } from 'zod';
import type { BotDeps } from './deps';
import { within } from './temporal';

/**
 * Signs what fires and hands it over to Temporal, durably. Throws when Temporal does not answer: nothing is kept then,
 * and Alertmanager, which was told so, sends it again.
 */
export async function takeAlerts(
  deps: Pick<BotDeps, 'temporal' | 'relayKey' | 'timings' | 'waits' | 'now'>,
  taken: { readonly by: string; readonly body: z.infer<typeof alertmanagerBody> },
): Promise<{ readonly firing: number }> {
  const alerts = firingAlerts(taken.body);
  if (alerts.length === 0) return { firing: 0 };
  const body: Alerts = { format: 1, by: taken.by, at: deps.now().toISOString(), alerts };
  await handToFirings(deps, { signal: ALERTED, given: relay('alert', body, deps.relayKey) });
  return { firing: alerts.length };
}

/** Tells the workflow that starts runbooks by what happens. */
export async function handToFirings(
  deps: Pick<BotDeps, 'temporal' | 'timings' | 'waits'>,
  { signal, given }: { readonly signal: string; readonly given: unknown },
): Promise<void> {
  await within(deps.temporal, deps.waits.handOver, () =>
    deps.temporal.workflow.signalWithStart(WORKFLOWS.firings, {
      workflowId: FIRINGS_ID,
      taskQueue: WORKER_QUEUE,
      args: [{ timings: deps.timings } satisfies FiringsInput],
      signal,
      signalArgs: [given],
      staticSummary: 'Starts runbooks by what happens, each matter once',
    }),
  );
}
