import type { IncidentRequest } from '../src/incidents/incident';
import { incidentIdAbout } from '../src/operation/ids';
import type { ActAnswer, ActBody } from '../src/operation/ports';
import { startIncident, type HandedOver, type IntakeDeps } from './intake';
import { originalRequest } from './looks';
import type { Relay } from './relaying';
import { relayAct } from './votes';

/** More incidents about one operation are a mistake. */
const mostAboutOne = 20;

export interface Declared {
  readonly request: IncidentRequest;
  readonly channel: string;
  /** ISO 8601 UTC */
  readonly notAfter: string;
}

/** What became of a declaration. */
export type Declaration =
  /** It is an incident of its own, under this id. `former` is an earlier one about the same, which is over. */
  | { readonly kind: 'own'; readonly id: string; readonly over: HandedOver; readonly former?: string }
  /** One about the same operation is open: whoever declared comes in, with what they typed. */
  | { readonly kind: 'joins'; readonly id: string; readonly relayed: Relay<ActAnswer> }
  | { readonly kind: 'too_many' };

/**
 * Hands a declaration over. One incident about an operation is open at a time: a second declaration joins it, and one
 * that comes after it is over opens the next. A second delivery of the same declaration changes nothing.
 */
export async function declareIncident(
  deps: IntakeDeps,
  declared: Declared,
  start: (declared: Declared) => Promise<HandedOver> = (asked) => startIncident(deps, asked),
): Promise<Declaration> {
  const { operationId } = declared.request;
  let former: string | undefined;
  for (let number = 1; number <= mostAboutOne; number += 1) {
    const id = operationId === undefined ? declared.request.id : incidentIdAbout(operationId, number);
    const request = { ...declared.request, id };
    const over = await start({ ...declared, request });
    if (over.kind !== 'already' || operationId === undefined || (await isSameDelivery(deps, request)))
      return { kind: 'own', id, over, ...(former !== undefined && { former }) };
    const relayed = await relayAct(deps, { body: joining(request), notAfter: declared.notAfter });
    if (relayed.kind !== 'ended') return { kind: 'joins', id, relayed };
    former = id;
  }
  return { kind: 'too_many' };
}

/** Whether the incident of this id was declared by this very delivery. Unknown counts as no: joining is harmless then. */
async function isSameDelivery(deps: IntakeDeps, { id, deliveryId }: IncidentRequest): Promise<boolean> {
  // Both workflows have what they were asked in the same place.
  const first: unknown = await originalRequest(deps, id).catch(() => undefined);
  return (first as IncidentRequest | undefined)?.deliveryId === deliveryId;
}

function joining({ id, summary, declaredBy, deliveryId, declaredAt }: IncidentRequest): ActBody {
  return {
    format: 1,
    workflowId: id,
    act: { kind: 'join', text: summary },
    by: declaredBy,
    actionId: deliveryId,
    at: declaredAt,
  };
}
