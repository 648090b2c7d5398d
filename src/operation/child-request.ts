import { Refusal } from '../errors';
import type { JsonObject } from '../json';
import { operationIdOf } from './ids';
import type { OperationRequest } from './request';

/** Nobody waits in front of a screen for it, so it may be handed over late. */
const lateMs = 24 * 3_600_000;

/**
 * The request of an operation that is a step of another: the same requester asks for it, and the rules of its own
 * environment decide. Equal keys give an equal operation. Throws where it would wait for its own parent's lane.
 */
export function childOperationRequest(spec: {
  readonly parent: OperationRequest;
  readonly kind: 'deploy' | 'rollback';
  readonly given: JsonObject;
  readonly key: string;
  readonly now: Date;
}): OperationRequest {
  const { parent, kind, given, key, now } = spec;
  const { service, environment, version, rollout, reason } = given as { readonly [key: string]: string | undefined };
  if (parent.service === service && parent.environment === environment)
    throw new Refusal(
      'bad_request',
      `This operation holds the lane of ${service} in ${environment} itself, so a step of it cannot ${kind === 'deploy' ? 'deploy' : 'roll back'} there; it would wait for itself.`,
    );
  const what =
    kind === 'deploy' ? `deploy ${service} ${version} to ${environment}` : `rollback ${service} in ${environment}`;
  return {
    format: 1,
    id: operationIdOf({ kind, subject: String(service), environment, deliveryId: key }),
    kind,
    service,
    environment,
    ...(version === undefined ? {} : { version }),
    ...(rollout === undefined ? {} : { rollout }),
    inputs: {},
    reason: reason ?? parent.reason ?? `a step of ${parent.id}`,
    labels: [],
    raise: parent.raise,
    requester: parent.requester,
    asked: {
      text: `${what} (a step of ${parent.id})`,
      ...(parent.asked.channel === undefined ? {} : { channel: parent.asked.channel }),
      deliveryId: key,
    },
    requestedAt: now.toISOString(),
    notAfter: new Date(now.getTime() + lateMs).toISOString(),
  };
}
