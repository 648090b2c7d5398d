import { statusMessage, type IncidentLine, type OperationLine, type StatusView } from '../../src/messages/status';
import { markupOf, problemsOf } from './reading';

const operation: OperationLine = {
  id: 'deploy-checkout-production-k3m9x2p7qa',
  shortId: 'k3m9x2p7qa',
  title: 'Deploy checkout v1 to production',
  state: 'waiting',
  since: '2026-11-21T09:00:00Z',
  requester: 'U0ANN',
  permalink: 'https://slack.example/archives/C0/p1',
};
const incident: IncidentLine = {
  id: 'incident-checkout-k3m9x2p7qa',
  shortId: 'k3m9x2p7qa',
  summary: 'Payments fail',
  severity: 'sev1',
  state: 'declared',
  since: '2026-11-21T09:00:00Z',
};
const of = (operations: number, incidents: number): StatusView => ({
  operations: Array.from({ length: operations }, () => operation),
  incidents: Array.from({ length: incidents }, () => incident),
});

it.each([
  [0, 0, 'Nothing is under way and no incident is open.'],
  [6, 0, '6 operations under way, no incident open.'],
  [1, 1, '1 operation under way, 1 incident open.'],
  [0, 2, 'No operation is under way, 2 incidents open.'],
])('with %i operations and %i incidents it begins with a sentence: %s', (operations, incidents, text) => {
  const message = statusMessage(of(operations, incidents));
  expect(message.text).toBe(text);
  expect(problemsOf(message)).toEqual([]);
});

it('links each card, and says what holds work back and what it leaves out', () => {
  const shown = markupOf(
    statusMessage({
      ...of(1, 0),
      holds: ['The freeze holds.'],
      policyProblem: 'Not the newest.',
      cut: ['There are more operations.'],
    }),
  );
  expect(shown).toContain('<https://slack.example/archives/C0/p1|Deploy checkout v1 to production>');
  for (const part of ['The freeze holds.', 'Not the newest.', 'There are more operations.'])
    expect(shown).toContain(part);
});
