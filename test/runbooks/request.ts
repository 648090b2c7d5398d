import type { OperationRequest } from '../../src/operation/request';
import { aRequest } from '../helpers/samples';

/** A deploy of checkout v2.4.0 to production, as a person asks for it: the same each time. */
export function requestOf(): OperationRequest {
  return aRequest({
    id: 'deploy-checkout-production-k3m9x2p7qa',
    asked: { text: '/deploy checkout v2.4.0', deliveryId: 'T1' },
    requestedAt: '2026-01-05T09:00:00.000Z',
    notAfter: '2026-01-05T10:00:00.000Z',
  });
}
