import type { OperationRequest } from '../../src/operation/request';

/** A deploy of checkout v2.4.0 to production, as a person asks for it. */
export function requestOf(): OperationRequest {
  return {
    format: 1,
    id: 'deploy-checkout-production-k3m9x2p7qa',
    kind: 'deploy',
    service: 'checkout',
    environment: 'production',
    version: 'v2.4.0',
    inputs: {},
    labels: [],
    raise: {},
    requester: { kind: 'person', id: 'U0ANA', via: 'slack' },
    asked: { text: '/deploy checkout v2.4.0', deliveryId: 'T1' },
    requestedAt: '2026-01-05T09:00:00.000Z',
    notAfter: '2026-01-05T10:00:00.000Z',
  };
}
