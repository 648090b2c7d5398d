import type { IncidentView } from '../../src/incidents/incident';
import type { BallotView, OperationState, OperationView } from '../../src/operation/view';

/** A ballot with one seat filled and one free. */
export const ballotView: BallotView = {
  id: 'b1',
  digest: 'd'.repeat(64),
  rule: 'high risk',
  order: 'parallel',
  seats: [
    { team: 'security_team', mention: ['subteam:S0SECURITY'], filledBy: 'U0MIA', at: '2026-11-21T09:05:00Z' },
    { team: 'director', mention: ['user:U0DIRECTOR'] },
  ],
  expiresAt: '2026-11-22T09:00:00Z',
  takes: 'votes',
  oneClick: false,
};

export function operationView(change: Partial<OperationView> = {}): OperationView {
  return {
    format: 1,
    id: 'deploy-checkout-production-k3m9x2p7qa',
    shortId: 'k3m9x2p7qa',
    kind: 'deploy',
    title: 'Deploy checkout 1.4.2 to production',
    service: 'checkout',
    environment: 'production',
    version: '1.4.2',
    previousVersion: '1.4.1',
    inputs: { targets: '12', commits: '3' },
    requester: { kind: 'person', id: 'U0LEE', via: 'slack' },
    requesterVerified: true,
    reason: 'Fixes the rounding of VAT',
    state: 'waiting',
    since: '2026-11-21T09:00:00Z',
    requestedAt: '2026-11-21T08:59:50Z',
    policyCommit: 'abcdef0123456789abcdef0123456789abcdef01',
    why: [{ rule: 'high risk', source: 'policy.yaml:31', message: 'Production needs two teams.' }],
    ballots: [],
    gates: [
      { kind: 'window', holds: false, message: 'Outside office hours.', opensAt: '2026-11-23T08:00:00Z' },
      { kind: 'freeze', holds: true, message: 'No freeze is in force.' },
    ],
    steps: [
      {
        name: 'Migrate the database',
        state: 'done',
        summary: '3 migrations',
        startedAt: '2026-11-21T09:10:00Z',
        endedAt: '2026-11-21T09:11:05Z',
      },
      { name: 'Canary 5%', state: 'running', startedAt: '2026-11-21T09:11:05Z' },
      { name: 'Everything', state: 'waiting' },
    ],
    moreSteps: 0,
    stepsDone: 1,
    irreversible: ['The migration drops the column vat_old'],
    rollback: { ready: true, version: '1.4.1' },
    digest: 'f'.repeat(64),
    denials: [],
    ...change,
  };
}

export const waitingView = operationView({ ballots: [ballotView] });

export function inState(state: OperationState): OperationView {
  return operationView({ state, ballots: [{ ...ballotView, takes: state === 'waiting' ? 'votes' : 'nothing' }] });
}

export function incidentView(change: Partial<IncidentView> = {}): IncidentView {
  return {
    format: 1,
    id: 'incident-checkout-k3m9x2p7qa',
    shortId: 'k3m9x2p7qa',
    severity: 'sev2',
    state: 'declared',
    service: 'checkout',
    environment: 'production',
    summary: 'Payments fail for one customer in ten',
    declaredBy: 'U0LEE',
    declaredAt: '2026-11-21T09:00:00Z',
    since: '2026-11-21T09:00:00Z',
    roles: { lead: 'U0MIA' },
    timeline: [{ at: '2026-11-21T09:01:00Z', by: 'U0MIA', text: 'Rolled checkout back' }],
    moreEvents: 3,
    operationId: 'deploy-checkout-production-k3m9x2p7qa',
    roomChannel: 'C0INCIDENT1',
    notDone: [],
    ...change,
  };
}
