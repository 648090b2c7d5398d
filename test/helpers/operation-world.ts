import { ApplicationFailure, defineSearchAttributeKey, type ActivityFailure } from '@temporalio/common';
import { relay } from '../../src/operation/relay';
import type { VoteAnswer, VoteBody, VoteRefusal } from '../../src/approvals/ballot';
import type { LedgerEntry } from '../../src/ledger/record';
import type { Address, Notice } from '../../src/messages/notice';
import type {
  ActAnswer,
  ActBody,
  Delivery,
  OperationAct,
  SlackActivities,
  WorkerActivities,
} from '../../src/operation/ports';
import type { RunStepInput, RunnerActivities } from '../../src/operation/runner-ports';
import type { Admission, GateAnswer, Judgement, Recheck } from '../../src/operation/judgement';
import type { ApprovalAsk, ApprovalAnswer } from '../../src/approvals/ask';
import type { KnownPerson } from '../../src/operation/asker';
import type { Standing } from '../../src/policy/standing';
import type { RunningFreezes } from '../../src/policy/when-frozen';
import type { JsonObject } from '../../src/json';
import type { OperationRequest, Relayed } from '../../src/operation/request';
import type { OperationView } from '../../src/operation/view';
import { createKnownVoterActivities } from '../../activities/worker/known-voters';
import { askerIn, freshPersonMs } from '../../src/operation/known-person';
import { createLaneActivities } from '../../activities/worker/lanes';
import {
  ACT_UPDATE,
  defaultTimings,
  runnerQueue,
  SEARCH_ATTRIBUTES,
  SLACK_QUEUE,
  VIEW_QUERY,
  VOTE_UPDATE,
  WORKER_QUEUE,
  type OperationInput,
  type ViewAsked,
} from '../../workflows/contract';
import { aJudgement } from './samples';
import { eventually, openTemporal, type TestTemporal } from './temporal';

export type { ActivityFailure };
const relayKey = 'a-relay-key-for-tests-of-32-characters';

export const testTimings = {
  ...defaultTimings,
  deliveryMs: 5_000,
  lastDeliveryMs: 5_000,
  judgeMs: 10_000,
  recordMs: 10_000,
  deferMs: 1_000,
  heartbeatMs: 3_000,
  livenessMs: 500,
};

/** What the neighbours of the workflows say, for one test file; each answer can be replaced by a test. */
export interface World {
  readonly temporal: TestTemporal;
  readonly cards: Delivery[];
  readonly notices: { readonly key: string; readonly to: Address; readonly notice: Notice }[];
  readonly records: LedgerEntry[];
  readonly steps: RunStepInput[];
  readonly rooms: Parameters<SlackActivities['openRoom']>[0][];
  readonly invitations: Parameters<SlackActivities['invite']>[0][];
  standing: (user: string) => Standing | Promise<Standing>;
  recent: WorkerActivities['recentOperations'];
  admit: (request: OperationRequest) => Admission | Promise<Admission>;
  judge: (request: OperationRequest, resolved?: JsonObject) => Judgement | Promise<Judgement>;
  recheck: (request: OperationRequest, resolved?: JsonObject) => Recheck | Promise<Recheck>;
  gates: (request: OperationRequest) => GateAnswer | Promise<GateAnswer>;
  recheckVoters: SlackActivities['recheckVoters'];
  freezes: (request: OperationRequest) => RunningFreezes;
  /** Ends the worker of the workflows and starts another. */
  restartWorker(): Promise<void>;
  step: RunnerActivities['runStep'];
  deliver: (delivery: Delivery) => void | Promise<void>;
  record: (entries: readonly LedgerEntry[]) => void | Promise<void>;
  judgeHold: WorkerActivities['judgeHold'];
  judgeApproval: (input: { readonly ask: ApprovalAsk }) => ApprovalAnswer;
  voter: (by: string) => VoteRefusal | readonly string[];
  actor: SlackActivities['checkAct'];
  /** What `stirOperations` does, as others ask for it. */
  stir: WorkerActivities['stirOperations'];
  start(request: OperationRequest, known?: Partial<KnownPerson>): Promise<Operation>;
  close(): Promise<void>;
}

export interface Operation {
  readonly id: string;
  result(): Promise<{ kind: string; sentence: string }>;
  vote(
    by: string,
    decision?: VoteBody['decision'],
    overrides?: Partial<VoteBody>,
    known?: Partial<KnownPerson>,
  ): Promise<VoteAnswer>;
  act(act: OperationAct, by?: string, overrides?: Partial<ActBody>): Promise<ActAnswer>;
  view(asked?: ViewAsked): Promise<OperationView>;
  until(state: OperationView['state']): Promise<OperationView>;
}

const sits: { readonly [user: string]: readonly string[] } = {
  U0SAM: ['security_team'],
  U0LEE: ['team_lead'],
  U0KIM: ['team_lead'],
  U0ANA: ['team_lead'],
  U0OLA: ['oncall'],
  U0DEV: ['developers'],
};

/** `address`: of a Temporal server of its own. `real`: activities that take the place of what the world says. */
export async function openWorld(
  address?: string,
  real: (client: TestTemporal['client']) => Partial<WorkerActivities> = () => ({}),
): Promise<World> {
  const temporal = await openTemporal(address);
  const world: World = {
    temporal,
    cards: [],
    notices: [],
    records: [],
    steps: [],
    rooms: [],
    invitations: [],
    standing: () => 'member',
    recent: async () => [],
    admit: () => ({
      kind: 'admitted',
      policyCommit: 'c0ffee',
      channel: '#deploys-prod',
      title: 'Deploy checkout v2.4.0 to production',
      version: 'v2.4.0',
      previousVersion: 'v2.3.0',
    }),
    judge: () => aJudgement(),
    recheck: () => ({ kind: 'go', previousVersion: 'v2.3.0' }),
    gates: () => ({ gates: [] }),
    recheckVoters: async () => [],
    freezes: () => ({}),
    restartWorker: async () => {
      worker.shutdown();
      await eventually(() => {
        if (worker.getState() !== 'STOPPED') throw new Error('the worker has not stopped yet');
      });
      worker = await temporal.worker({ taskQueue: WORKER_QUEUE, workflows: true, activities });
    },
    step: async () => ({ status: 'done', outputs: {}, summary: 'ok' }),
    deliver: () => undefined,
    record: () => undefined,
    judgeHold: async () => ({ kind: 'not_relayed' }),
    judgeApproval: () => ({ judgement: { kind: 'denied', reason: 'nothing is allowed here' }, timings: testTimings }),
    voter: (by) => sits[by] ?? 'not_in_team',
    actor: async ({ act: { body }, operators }) => {
      const teams = operators.teams.map(({ team }) => team).filter((team) => sits[body.by]?.includes(team));
      return { kind: 'ok', actor: { kind: body.byKind ?? 'person', by: body.by, teams, unknown: [] } };
    },
    stir: createLaneActivities({ client: temporal.client }).stirOperations,
    start: (request, known) => start(world, request, known),
    close: () => temporal.close(),
  };
  const activities = { ...workerActivities(world), ...real(temporal.client) };
  let worker = await temporal.worker({ taskQueue: WORKER_QUEUE, workflows: true, activities });
  await temporal.worker({ taskQueue: SLACK_QUEUE, activities: slackActivities(world) });
  await temporal.worker({
    taskQueue: runnerQueue('default'),
    activities: {
      runStep: (input: RunStepInput) => {
        world.steps.push(input);
        return world.step(input);
      },
    },
  });
  return world;
}

function workerActivities(world: World): Partial<WorkerActivities> {
  return {
    ...createLaneActivities({ client: world.temporal.client }),
    decide: async ({ request, known, ...who }) => {
      const user = request.body.requester.id;
      const asker = who.asker ?? askerIn(known, { user, relayKey, now: new Date(), maxAgeMs: freshPersonMs });
      if (!asker) return { kind: 'asker_unknown' };
      const admission = await world.admit(request.body);
      if (admission.kind === 'denied' || admission.resolve) return { kind: 'decided', asker, admission };
      return { kind: 'decided', asker, admission, judgement: await world.judge(request.body) };
    },
    ...createKnownVoterActivities({ relayKey, now: () => new Date() }),
    admit: async ({ request }) => world.admit(request.body),
    isRelayedIncident: async () => true,
    judge: async ({ request, resolved }) => world.judge(request.body, resolved),
    recheck: async ({ request, resolved }) => world.recheck(request.body, resolved),
    askGates: async ({ request }) => world.gates(request.body),
    judgeHold: async (input) => world.judgeHold(input),
    askFreezes: async ({ request }) => world.freezes(request.body),
    recentOperations: async (about) => world.recent(about),
    judgeApproval: async (input) => world.judgeApproval(input),
    record: async ({ entries }) => {
      await world.record(entries);
      world.records.push(...entries);
      return { commit: 'abc' };
    },
  };
}

function slackActivities(world: World): Partial<SlackActivities> {
  return {
    deliver: async (delivery) => {
      await world.deliver(delivery);
      world.cards.push(delivery);
      return { channel: 'C1', ts: delivery.at?.ts ?? `${delivery.slot}/ts`, version: delivery.version };
    },
    notify: async (notice) => {
      world.notices.push(notice);
      return {};
    },
    checkVote: async ({ vote }) => {
      const said = world.voter(vote.body.by);
      return typeof said === 'string'
        ? { kind: 'refused', code: said }
        : { kind: 'ok', person: vote.body.by, teams: said };
    },
    recheckVoters: async (asked) => world.recheckVoters(asked),
    whoIs: async ({ user }) => ({ standing: await world.standing(user), groups: [] }),
    checkAct: async (asked) => world.actor(asked),
    openRoom: async (room) => {
      world.rooms.push(room);
      return { channel: 'C0ROOM', notDone: [] };
    },
    invite: async (invitation) => {
      world.invitations.push(invitation);
      return { notDone: [] };
    },
    pin: async () => ({ done: true }),
  };
}

/** What a bot says that it knows of a person, signed. */
function knownOf(user: string, known: Partial<KnownPerson>): Relayed<KnownPerson> {
  return relay('person', { format: 1, user, groups: [], at: new Date().toISOString(), ...known }, relayKey);
}

async function start(
  { temporal }: World,
  request: OperationRequest,
  known: Partial<KnownPerson> | undefined,
): Promise<Operation> {
  const input: OperationInput = {
    request: relay('request', request, relayKey),
    ...(known && { known: knownOf(request.requester.id, known) }),
    timings: testTimings,
  };
  const handle = await temporal.client.workflow.start('operation', {
    workflowId: request.id,
    taskQueue: WORKER_QUEUE,
    args: [input],
    typedSearchAttributes: [
      { key: defineSearchAttributeKey(SEARCH_ATTRIBUTES.service.name, 'KEYWORD'), value: request.service ?? '' },
      {
        key: defineSearchAttributeKey(SEARCH_ATTRIBUTES.environment.name, 'KEYWORD'),
        value: request.environment ?? '',
      },
    ],
  });
  const view = (asked: ViewAsked = {}): Promise<OperationView> => handle.query(VIEW_QUERY, asked);
  let clicks = 0;
  return {
    id: request.id,
    result: () => handle.result(),
    view,
    vote: (by, decision = 'approve', overrides = {}, known = undefined) => {
      clicks += 1;
      const body: VoteBody = {
        format: 1,
        operationId: request.id,
        ballotId: 'b1',
        ballotDigest: 'd1',
        by,
        decision,
        reason: decision === 'reject' ? 'not today' : undefined,
        actionId: `${1_700_000_000 + clicks}.1`,
        at: new Date().toISOString(),
        ...overrides,
      };
      const vote = relay('vote', body, relayKey);
      const args: [unknown, unknown?] = known ? [vote, knownOf(by, known)] : [vote];
      return handle.executeUpdate<VoteAnswer, [unknown, unknown?]>(VOTE_UPDATE, { args });
    },
    act: (act, by = 'U0ANA', overrides = {}) => {
      const body: ActBody = {
        format: 1,
        workflowId: request.id,
        act,
        by,
        actionId: String(Math.random()),
        at: new Date().toISOString(),
        ...overrides,
      };
      return handle.executeUpdate<ActAnswer, [unknown]>(ACT_UPDATE, { args: [relay('act', body, relayKey)] });
    },
    until: async (state) => {
      const deadline = Date.now() + 15_000;
      for (;;) {
        const now = await view();
        if (now.state === state) return now;
        if (Date.now() > deadline) throw new Error(`${request.id} is ${now.state}, not ${state}: ${now.note}`);
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    },
  };
}

/** A step that fails for good, as `runStep` says it. */
export function stepFailed(message: string): ApplicationFailure {
  return ApplicationFailure.create({ message, type: 'StepFailed', nonRetryable: true });
}
