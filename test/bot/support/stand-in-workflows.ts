import {
  ApplicationFailure,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { VoteAnswer, VoteBody } from '../../../src/approvals/ballot';
import type { IncidentView } from '../../../src/incidents/incident';
import type { ActAnswer, ActBody } from '../../../src/operation/ports';
import type { Relayed } from '../../../src/operation/request';
import type { OperationView } from '../../../src/operation/view';
import {
  ACT_SIGNAL,
  ACT_UPDATE,
  SEARCH_ATTRIBUTES,
  VIEW_QUERY,
  VOTE_SIGNAL,
  VOTE_UPDATE,
  type IncidentInput,
  type OperationInput,
  type ViewAsked,
} from '../../../workflows/contract';

/** What came in, by which way: what the tests look at. */
export interface Arrived {
  readonly way: 'update' | 'signal';
  readonly what: 'vote' | 'act';
  readonly relayed: Relayed<VoteBody> | Relayed<ActBody>;
}

/** When every stand-in says that its state last changed. */
export const since = '2026-11-21T09:00:00.000Z';

/** Stands in for `operation`: takes votes and acts, shows a view with one open ballot, ends when it is cancelled. Its reason says where its card stands. */
export async function operation(input: OperationInput): Promise<string> {
  const arrived: Arrived[] = [];
  let over = false;
  const { body } = input.request;
  const count = (way: Arrived['way'], relayed: Relayed<VoteBody>): VoteAnswer => {
    arrived.push({ way, what: 'vote', relayed });
    return { kind: 'counted', decision: relayed.body.decision, seat: 'security_team#1', stillNeeded: ['sre'] };
  };
  const take = (way: Arrived['way'], relayed: Relayed<ActBody>): ActAnswer => {
    arrived.push({ way, what: 'act', relayed });
    if (relayed.body.act.kind === 'cancel') over = true;
    return { kind: 'done', sentence: 'The request is cancelled.' };
  };
  setHandler(defineUpdate<VoteAnswer, [Relayed<VoteBody>]>(VOTE_UPDATE), (relayed) => count('update', relayed), {
    validator: (relayed) => {
      if (relayed.body.by === body.requester.id)
        throw ApplicationFailure.create({ message: 'requester', type: 'requester', nonRetryable: true });
    },
  });
  setHandler(defineSignal<[Relayed<VoteBody>]>(VOTE_SIGNAL), (relayed) => void count('signal', relayed));
  setHandler(defineUpdate<ActAnswer, [Relayed<ActBody>]>(ACT_UPDATE), (relayed) => take('update', relayed));
  setHandler(defineSignal<[Relayed<ActBody>]>(ACT_SIGNAL), (relayed) => void take('signal', relayed));
  upsertSearchAttributes({
    [SEARCH_ATTRIBUTES.since.name]: [new Date(since)],
    ...(body.reason && { [SEARCH_ATTRIBUTES.card.name]: [body.reason] }),
  });
  setHandler(defineQuery<Arrived[]>('arrived'), () => arrived);
  setHandler(defineQuery<OperationView, [ViewAsked?]>(VIEW_QUERY), (asked) => viewOf(input, asked));
  await condition(() => over);
  return 'cancelled';
}

/** Thirty steps, of which a card shows twelve. */
const stepNames = Array.from({ length: 30 }, (_, index) => `Step ${index + 1}`);

function viewOf({ request: { body } }: OperationInput, asked: ViewAsked = {}): OperationView {
  const shown = asked.steps === 'all' ? stepNames : stepNames.slice(0, 12);
  return {
    format: 1,
    id: body.id,
    shortId: body.id.slice(-10),
    kind: body.kind,
    title: `Deploy ${body.service} ${body.version} to ${body.environment}`,
    service: body.service,
    environment: body.environment,
    version: body.version,
    requester: body.requester,
    requesterVerified: true,
    ...(body.labels.includes('logged') && { log: 'canary/share' }),
    state: 'waiting',
    since: body.requestedAt,
    requestedAt: body.requestedAt,
    why: [],
    ballots: [
      {
        id: 'ballot-1',
        digest: 'd'.repeat(64),
        rule: 'production needs security',
        order: 'parallel',
        seats: [{ team: 'security_team', mention: ['subteam:S0SEC'] }],
        approvedBy: ['U0BOB'],
        expiresAt: body.notAfter,
        takes: 'votes',
        oneClick: false,
      },
    ],
    gates: [],
    steps: shown.map((name) => ({ name, state: 'waiting' })),
    moreSteps: stepNames.length - shown.length,
    stepsDone: 0,
    irreversible: [],
    rollback: { ready: true, version: 'v0.9' },
    denials: [],
  };
}

/** Stands in for `review`: its memo says what lists show. */
export async function review(): Promise<void> {
  await condition(() => false);
}

/** Stands in for `incident`: remembers what was done to it, ends when it is resolved. */
export async function incident(input: IncidentInput): Promise<void> {
  const acts: ActBody[] = [];
  const { body } = input.request;
  setHandler(defineUpdate<ActAnswer, [Relayed<ActBody>]>(ACT_UPDATE), (relayed) => {
    acts.push(relayed.body);
    return { kind: 'done', sentence: 'The timeline has your line.' };
  });
  setHandler(defineQuery<IncidentView>(VIEW_QUERY), (): IncidentView => ({
    format: 1,
    id: body.id,
    shortId: body.id.slice(-10),
    severity: body.severity,
    state: 'declared',
    summary: body.summary,
    declaredBy: body.declaredBy,
    declaredAt: body.declaredAt,
    since: body.declaredAt,
    roles: {},
    timeline: acts.map(({ at, by, act }) => ({ at, by, text: `${act.kind}: ${'text' in act ? act.text : ''}` })),
    moreEvents: 0,
    notDone: [],
  }));
  await condition(() => acts.some((act) => act.act.kind === 'resolve'));
}

/** Takes what is signalled to it and waits, as the real one does. */
export async function firings(): Promise<void> {
  await condition(() => false);
}
