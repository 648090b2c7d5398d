import type { Work } from '../runbooks/compile-input';
import type { TriggerName } from '../runbooks/trigger-schema';
import type { Requester } from './request';

/** Whom people turn to about what nobody asked for: the team that answers for the trigger that started it. */
export function triggerTeam({ kind, via }: Requester, work: Work): string | undefined {
  if (kind !== 'machine' || work.kind !== 'runbook') return undefined;
  const triggers = work.runbook.on ?? {};
  return Object.hasOwn(triggers, via) ? triggers[via as TriggerName]?.owner : undefined;
}
