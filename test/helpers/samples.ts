import type { Ballot } from '../../src/approvals/ballot';
import type { Operators } from '../../src/operation/authority';
import type { Judgement } from '../../src/operation/judgement';
import type { PlanOutline, StepOutline } from '../../src/operation/plan';
import type { OperationRequest } from '../../src/operation/request';

let count = 0;

export function aRequest(overrides: Partial<OperationRequest> = {}): OperationRequest {
  count += 1;
  return {
    format: 1,
    id: `deploy-checkout-production-t${process.pid}x${count}`,
    kind: 'deploy',
    service: 'checkout',
    environment: 'production',
    version: 'v2.4.0',
    inputs: {},
    labels: [],
    raise: {},
    requester: { kind: 'person', id: 'U0ANA', via: 'slack' },
    asked: { text: '/deploy checkout v2.4.0 to production', channel: 'C0DEPLOYS', deliveryId: `trigger-${count}` },
    requestedAt: new Date().toISOString(),
    notAfter: new Date(Date.now() + 600_000).toISOString(),
    ...overrides,
  };
}

export function aBallot(overrides: Partial<Ballot> = {}): Ballot {
  return {
    id: 'b1',
    digest: 'd1',
    rule: 'production needs two teams',
    seats: [
      { id: 'security_team#1', team: 'security_team' },
      { id: 'team_lead#1', team: 'team_lead' },
    ],
    teams: {
      security_team: { groups: ['S0SECURITY'], users: [] },
      team_lead: { groups: [], users: ['U0LEE', 'U0KIM'] },
    },
    order: 'parallel',
    excluded: [{ id: 'U0ANA', because: 'requester' }],
    persons: {},
    timeoutMs: 3_600_000,
    ladder: [],
    channels: [],
    oneClick: false,
    ...overrides,
  };
}

export function aStep(path: string, overrides: Partial<StepOutline> = {}): StepOutline {
  return {
    control: 'step',
    path,
    name: path,
    uses: 'http/request',
    pool: 'default',
    repeat: 'safe',
    retry: { attempts: 1, firstMs: 50, backoff: 1 },
    timeoutMs: 10_000,
    hasUndo: true,
    onFailure: 'stop',
    phase: 'work',
    ...overrides,
  };
}

export function aPlan(steps: readonly StepOutline[] = [aStep('share')]): PlanOutline {
  return { format: 1, digest: 'plan-digest', steps, irreversible: [] };
}

type Allowed = Extract<Judgement, { kind: 'allowed' }>;

/** Those of the ballot, who is on call, and developers, who may only abort. */
export const someOperators: Operators = {
  teams: [
    { team: 'security_team', may: 'everything', groups: ['S0SECURITY'], users: [] },
    { team: 'team_lead', may: 'everything', groups: [], users: ['U0LEE', 'U0KIM'] },
    { team: 'oncall', may: 'everything', groups: ['S0ONCALL'], users: [] },
    { team: 'developers', may: 'abort', groups: ['S0DEVELOPERS'], users: [] },
  ],
  persons: {},
};

export function aJudgement(overrides: Partial<Allowed> = {}): Allowed {
  return {
    kind: 'allowed',
    policyCommit: 'c0ffee',
    plan: aPlan(),
    ballots: [aBallot()],
    operators: someOperators,
    gates: [],
    why: [],
    rollback: { ready: true, version: 'v2.3.0' },
    lane: { service: 'checkout', environment: 'production' },
    facts: {},
    decisionDigest: 'decision',
    workDigest: 'work',
    ...overrides,
  };
}
