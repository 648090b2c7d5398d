import type { Json } from '../src/json';
import { relay } from '../src/operation/relay';
import type { Hook } from '../src/triggers/hook';
import { HOOKED } from '../workflows/contract';
import { handToFirings } from './alerts';
import type { BotDeps } from './deps';

/** Signs what was posted for a runbook and hands it over to Temporal, durably. Throws when Temporal does not answer. */
export async function takeHook(
  deps: Pick<BotDeps, 'temporal' | 'relayKey' | 'timings' | 'waits' | 'now'>,
  { by, runbook, body }: { readonly by: string; readonly runbook: string; readonly body: Json },
): Promise<void> {
  const hook: Hook = { format: 1, runbook, by, at: deps.now().toISOString(), body };
  await handToFirings(deps, { signal: HOOKED, given: relay('hook', hook, deps.relayKey) });
}
