import { retryOf } from '../../bot/requests';
import type { Requester } from '../../src/operation/request';
import { aRequest } from '../helpers/samples';

const deps = { now: () => new Date('2027-01-04T05:00:00Z'), waits: { notAfter: 60_000 } } as Parameters<
  typeof retryOf
>[0];

const hooked = 'webhook/clean/a build/9f/2027-01-04T04:00:00Z';

test.each<[string, Requester, string | undefined, string?]>([
  ['keeps the reason that a person gave', { kind: 'person', id: 'U0ANA', via: 'slack' }, 'because'],
  ['keeps the reason that a machine gave', { kind: 'machine', id: 'ci', via: 'webhook' }, 'because'],
  ['leaves out that it was a schedule', { kind: 'machine', id: 'schedule', via: 'schedule' }, undefined],
  ['leaves out that it was a webhook', { kind: 'machine', id: 'ci', via: 'webhook' }, undefined, hooked],
  ['leaves out that a lease was over', { kind: 'machine', id: 'lease', via: 'lease' }, undefined],
  ['leaves out that it was an alert', { kind: 'machine', id: 'alertmanager', via: 'alert' }, undefined],
])(
  'the same again %s, and is asked for by whoever presses the button',
  (_name, requester, reason, deliveryId = 'Ev1') => {
    const former = aRequest({
      kind: 'runbook',
      runbook: 'clean',
      inputs: { days: 3 },
      reason: 'because',
      requester,
      asked: { text: 'clean', deliveryId },
    });
    const again = retryOf(deps, former, {
      requester: { kind: 'person', id: 'U0BEN', via: 'slack' },
      deliveryId: 'click-1',
    });
    expect(again).toMatchObject({ kind: 'runbook', inputs: { days: 3 }, requester: { id: 'U0BEN' } });
    expect(again.reason).toBe(reason);
    expect(again.id).not.toBe(former.id);
  },
);
