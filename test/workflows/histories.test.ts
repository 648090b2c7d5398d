import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import type { temporal } from '@temporalio/proto';
import { historyFromJSON, historyToJSON } from '@temporalio/common/lib/proto-utils';
import { Worker } from '@temporalio/worker';
import type { IncidentAct, IncidentRequest } from '../../src/incidents/incident';
import type { ActBody } from '../../src/operation/ports';
import { relay } from '../../src/operation/relay';
import { ACT_UPDATE, LANE_LEAVE, RUN_ACT, runId, WORKER_QUEUE, type IncidentInput } from '../../workflows/contract';
import { openWorld, stepFailed, testTimings, type Operation, type World } from '../helpers/operation-world';
import { aJudgement, aPlan, aRequest, aStep } from '../helpers/samples';
import { eventually, workflowBundle } from '../helpers/temporal';

type History = temporal.api.history.v1.IHistory;

/** Saved histories of released code. `SAVE_HISTORIES=1 npm test -- test/workflows/histories` adds those of today's. */
const saved = join(__dirname, '../histories');

let world: World;
let release: () => void = () => undefined;
let lane = 0;

beforeAll(async () => {
  world = await openWorld();
});

afterAll(async () => {
  release();
  await world?.close();
});

/** Under its own id, which an incident compares with the one it was declared under. */
async function replay(name: string, history: History): Promise<void> {
  const id = history.events?.[0]?.workflowExecutionStartedEventAttributes?.workflowId ?? name;
  await Worker.runReplayHistory({ workflowBundle: { codePath: await workflowBundle() } }, history, id);
}

async function historyOf(workflowId: string): Promise<History> {
  return world.temporal.client.workflow.getHandle(workflowId).fetchHistory();
}

const own = () => ({ service: `history-${(lane += 1)}`, environment: 'production' });

async function begin(overrides: Parameters<typeof aJudgement>[0] = {}): Promise<Operation> {
  const judgement = aJudgement({ lane: own(), ...overrides });
  world.judge = () => judgement;
  return world.start(aRequest());
}

async function approved(overrides: Parameters<typeof aJudgement>[0] = {}): Promise<Operation> {
  const operation = await begin(overrides);
  await operation.until('waiting');
  await operation.vote('U0SAM');
  await operation.vote('U0LEE');
  return operation;
}

async function beating(): Promise<{ status: 'done'; outputs: object; summary: string }> {
  const context = Context.current();
  const beat = setInterval(() => context.heartbeat(), 200);
  await new Promise<void>((resolve) => {
    release = resolve;
  });
  clearInterval(beat);
  return { status: 'done', outputs: {}, summary: 'ok' };
}

/** An operation in each state in which one may live for long, what else its history is about, and an incident. */
const states: { readonly [name: string]: () => Promise<readonly string[]> } = {
  waiting: async () => {
    const operation = await begin();
    await operation.until('waiting');
    await operation.vote('U0LEE');
    return [operation.id];
  },
  looked: async () => {
    const { admit } = world;
    world.admit = async (request) => ({ ...(await admit(request)), resolve: aPlan([aStep('look')]) }) as never;
    world.step = async () => ({
      status: 'done',
      outputs: {},
      summary: '2 to create',
      detail: ['create a', 'create b'],
    });
    const operation = await begin();
    world.admit = admit;
    await operation.until('waiting');
    return [operation.id];
  },
  running: async () => {
    world.step = async () => beating() as never;
    const operation = await approved({ plan: aPlan([aStep('first'), aStep('second')]) });
    await operation.until('running');
    return [operation.id, runId(operation.id)];
  },
  held: async () => {
    world.step = async ({ path }) =>
      path === 'first' ? (beating() as never) : { status: 'done', outputs: {}, summary: 'ok' };
    world.recheck = () => ({ kind: 'go', previousVersion: 'v2.3.0', nextFreezeAtMs: Date.now() - 1 });
    world.freezes = () => ({
      now: { name: 'year end', does: 'finish_stage', message: 'It waits.' },
      nextAtMs: Date.now() + 3_600_000,
    });
    const operation = await approved({
      plan: aPlan([aStep('first', { stage: 'a' }), aStep('second', { stage: 'b' })]),
    });
    // The run has to have heard it before its first stage is over, and that has to have begun before it can end.
    const run = world.temporal.client.workflow.getHandle(runId(operation.id));
    await eventually(async () => {
      expect(world.steps.map(({ key }) => key)).toContain(`${operation.id}/first`);
      const { events } = await run.fetchHistory();
      const heard = events!.map((event) => event.workflowExecutionSignaledEventAttributes?.signalName);
      expect(heard).toContain(RUN_ACT);
    });
    release();
    await operation.until('held');
    world.recheck = () => ({ kind: 'go', previousVersion: 'v2.3.0' });
    world.freezes = () => ({});
    return [operation.id, runId(operation.id)];
  },
  watching: async () => {
    world.step = async ({ path }) =>
      path === 'watch' ? (beating() as never) : { status: 'done', outputs: {}, summary: 'ok' };
    const operation = await approved({
      plan: aPlan([aStep('share'), aStep('watch', { phase: 'watch', hasUndo: false })]),
    });
    await operation.until('watching');
    return [operation.id, runId(operation.id)];
  },
  needs_hands: async () => {
    world.step = async () => {
      throw stepFailed('The fleet said no.');
    };
    const operation = await approved();
    await operation.until('needs_hands');
    return [operation.id, runId(operation.id)];
  },
  rolled_back: async () => {
    world.step = async ({ mode }) => {
      if (mode === 'do') throw stepFailed('The fleet said no.');
      return { status: 'done', outputs: {}, summary: 'undone' };
    };
    const operation = await approved({ plan: aPlan([aStep('first'), aStep('second')]) });
    await operation.result();
    return [operation.id, runId(operation.id)];
  },
  succeeded: async () => {
    world.step = async () => ({ status: 'done', outputs: {}, summary: 'ok' });
    const place = own();
    const operation = await approved({ lane: place });
    await operation.result();
    await world.temporal.client.workflow
      .getHandle(`lane/${place.environment}/${place.service}`)
      .signal(LANE_LEAVE, 'nobody')
      .catch(() => undefined);
    return [operation.id, runId(operation.id), `lane/${place.environment}/${place.service}`];
  },
  incident: async () => {
    const id = `incident-checkout-h${process.pid}`;
    const declaredAt = new Date().toISOString();
    const request: IncidentRequest = {
      format: 1,
      id,
      severity: 'sev2',
      service: 'checkout',
      environment: 'production',
      summary: 'errors after deploy',
      declaredBy: 'U0ANA',
      operationId: 'deploy-checkout-production-k3m9x2p7qa',
      deliveryId: 'd1',
      declaredAt,
    };
    const key = 'a-relay-key-for-tests-of-32-characters';
    const input: IncidentInput = {
      request: relay('incident', request, key),
      channel: '#incidents',
      timings: testTimings,
    };
    const started = { workflowId: id, taskQueue: WORKER_QUEUE, args: [input] };
    const handle = await world.temporal.client.workflow.start('incident', started);
    const acts: readonly IncidentAct[] = [
      { kind: 'join', text: 'payments fail too' },
      { kind: 'assign', role: 'lead', user: 'U0DAN' },
      { kind: 'mitigate' },
    ];
    for (const [index, act] of acts.entries()) {
      const body: ActBody = { format: 1, workflowId: id, act, by: 'U0LEE', actionId: `a${index}`, at: declaredAt };
      await handle.executeUpdate(ACT_UPDATE, { args: [relay('act', body, key)] });
    }
    return [id];
  },
};

test.each(Object.keys(states))('today’s workflows replay an operation that is %s', async (name) => {
  for (const [index, workflowId] of (await states[name]!()).entries()) {
    const history = await historyOf(workflowId);
    await replay(`${name}-${index}`, history);
    if (process.env.SAVE_HISTORIES) {
      mkdirSync(saved, { recursive: true });
      writeFileSync(join(saved, `v1-${name}-${index}.json`), historyToJSON(history as never));
    }
  }
  release();
});

const names = existsSync(saved) ? readdirSync(saved).filter((name) => name.endsWith('.json')) : [];

test('there are saved histories to replay', () => {
  expect(names.length).toBeGreaterThan(5);
});

test.each(names)('the saved history %s replays', async (name) => {
  const history = historyFromJSON(JSON.parse(readFileSync(join(saved, name), 'utf8')) as unknown);

  await expect(replay(name, history as History)).resolves.toBeUndefined();
});

test('control: a history with a step that today’s workflow would not take is noticed', async () => {
  const name = names.find((each) => each.includes('succeeded-0'));
  const text = readFileSync(join(saved, name!), 'utf8').replaceAll('"recheckVoters"', '"somethingElse"');

  await expect(replay('control', historyFromJSON(JSON.parse(text) as unknown) as History)).rejects.toThrow();
});
