import type { OperationRequest } from '../../src/operation/request';
import { askedSubject, askedTitle } from '../../src/operation/title';

const request = (change: Partial<OperationRequest>): OperationRequest => ({
  format: 1,
  id: 'x',
  kind: 'deploy',
  inputs: {},
  labels: [],
  raise: {},
  requester: { kind: 'person', id: 'U0ANN', via: 'slack' },
  asked: { text: '', deliveryId: 'd' },
  requestedAt: '',
  notAfter: '',
  ...change,
});
const checkout = { service: 'checkout', environment: 'production' };

it.each<[Partial<OperationRequest>, string, string]>([
  [{ ...checkout, version: 'v1' }, 'Deploy checkout v1 to production', 'The deploy of checkout in production'],
  [{ ...checkout, kind: 'rollback' }, 'Roll back checkout in production', 'The rollback of checkout in production'],
  [
    { ...checkout, kind: 'rollback', version: 'v1' },
    'Roll back checkout in production to v1',
    'The rollback of checkout in production',
  ],
  [
    { kind: 'runbook', runbook: 'restart', inputs: { host: 'web-1', hard: true } },
    'Run restart (host=web-1, hard=true)',
    'The runbook restart',
  ],
  [
    { kind: 'provision', runbook: 'node', environment: 'staging' },
    'Provision node in staging',
    'The runbook node in staging',
  ],
])('%j is called "%s" in lists and "%s" in sentences', (change, title, subject) => {
  expect(askedTitle(request(change))).toBe(title);
  expect(askedSubject(request(change))).toBe(subject);
});
