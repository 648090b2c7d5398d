import type { JsonObject } from '../json';
import { operationIdOf } from '../operation/ids';
import type { OperationRequest, Requester } from '../operation/request';
import { fillTemplates } from '../runbooks/expressions';
import type { TriggerName } from '../runbooks/trigger-schema';
import type { Repository } from '../policy/read-repository';

/** What a trigger comes to: a request, or the full sentence that says why there is none. */
export type Triggered =
  { readonly kind: 'asks'; readonly request: OperationRequest } | { readonly kind: 'void'; readonly sentence: string };

/** Whether nobody asked for it: a trigger, a lease or the policy itself did, and its reason says so. */
export function beganByItself({ requester, runbook, asked }: OperationRequest): boolean {
  if (requester.kind === 'person') return false;
  // A machine that asks over the HTTP API comes by the same door as a webhook, and gives a reason of its own.
  if (requester.via === 'webhook') return asked.deliveryId.startsWith(`webhook/${runbook}/`);
  return requester.via !== 'cli';
}

/** How long after its event a request may still be started: longer than a worker restarts, shorter than anybody is surprised. */
const lateMs = 3_600_000;

/**
 * What the trigger of a runbook asks for under this policy. Nobody signs for a trigger, so its request is a machine's
 * and says which team answers for it. Equal keys give an equal operation.
 */
export function triggeredRequest(spec: {
  readonly repository: Pick<Repository, 'runbooks'>;
  readonly runbook: string;
  readonly trigger: TriggerName;
  /** As expressions see it. */
  readonly event: JsonObject;
  /** Why it started, as the end of a sentence: `its schedule for 2027-01-04T05:00:00Z`. */
  readonly because: string;
  readonly requester: Extract<Requester, { kind: 'machine' }>;
  readonly key: string;
  /** When it happened. */
  readonly at: Date;
  readonly now: Date;
}): Triggered {
  const { repository, runbook, trigger, event, because, key, at, now } = spec;
  const filed = repository.runbooks.get(runbook);
  const rule = filed?.document.on?.[trigger];
  if (!filed || !rule)
    return {
      kind: 'void',
      sentence: `The policy in force has no runbook ${runbook} with on: ${trigger} any more, so ${because} starts nothing; whoever owns the policy repository can add it.`,
    };
  const inputs = fillTemplates((rule.inputs ?? {}) as JsonObject, { event });
  if (!inputs.ok)
    return {
      kind: 'void',
      sentence: `The runbook ${runbook} was not started by ${because}, because an input cannot be made from the event (${inputs.message}); ${rule.owner} can mend it in ${filed.file}.`,
    };
  const kind = filed.file.startsWith('runbooks/provision/') ? 'provision' : 'runbook';
  return {
    kind: 'asks',
    request: {
      format: 1,
      id: operationIdOf({ kind, subject: runbook, deliveryId: key }),
      kind,
      runbook,
      inputs: inputs.value as JsonObject,
      reason: `Started by ${because}; ${rule.owner} answers for it.`,
      labels: [],
      raise: {},
      requester: spec.requester,
      asked: { text: `${runbook}, started by ${because}`, deliveryId: key },
      requestedAt: now.toISOString(),
      notAfter: new Date(at.getTime() + lateMs).toISOString(),
    },
  };
}
