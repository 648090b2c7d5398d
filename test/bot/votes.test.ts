import { operationCard } from '../../src/messages/operation-card';
import { ACTIONS } from '../../src/messages/actions';
import type { VoteBody } from '../../src/approvals/ballot';
import type { IncidentView } from '../../src/incidents/incident';
import { incidentIdAbout, shortIdIn } from '../../src/operation/ids';
import { isRelayed } from '../../src/operation/relay';
import type { OperationView } from '../../src/operation/view';
import { VIEW_QUERY, type IncidentInput } from '../../workflows/contract';
import { voteId } from '../../bot/votes';
import { eventually, openBotWorld, relayKey, type BotWorld } from './support/bot-world';

let world: BotWorld;
beforeAll(async () => {
  world = await openBotWorld({ waits: { handOver: 600, signal: 600, answer: 2_000 } });
  await world.startWorker();
});
afterAll(() => world?.close());

/** An operation that Ann asked for, with its card in the channel. */
async function asked(change: Partial<OperationView['ballots'][number]> = {}): Promise<{ id: string; ts: string }> {
  const { slack } = world;
  const version = `v${Math.floor(Math.random() * 1e9)}`;
  await slack.command({
    user: 'U0ANN',
    channel: 'C0DEPLOYS',
    command: '/deploy',
    text: `checkout ${version} to staging`,
  });
  const short = /taken on as (\w+)/.exec(slack.ephemerals('U0ANN').at(-1)!.text)![1]!;
  const id = `deploy-checkout-staging-${short}`;
  const view = await world.temporal.client.workflow.getHandle(id).query<OperationView>(VIEW_QUERY);
  const card = operationCard({ ...view, ballots: view.ballots.map((ballot) => ({ ...ballot, ...change })) });
  const posted = await world.web.chat.postMessage({ channel: 'C0DEPLOYS', ...card });
  return { id, ts: posted.ts! };
}

const press = (user: string, ts: string, actionId: string) =>
  world.slack.click({ user, channel: 'C0DEPLOYS', ts, actionId });
const votesOf = async (id: string) =>
  (await world.arrived(id)).filter((each) => each.what === 'vote').map((each) => each.relayed.body as VoteBody);
const modalOf = (user: string) => JSON.stringify(world.slack.views(user).at(-1)?.blocks ?? []);

describe('Approve', () => {
  it('opens a modal at once, fills it, and shows the answer in it', async () => {
    const { id, ts } = await asked();
    await press('U0BOB', ts, ACTIONS.approve);
    await world.slack.waitFor(() => modalOf('U0BOB').includes('security_team'));
    const submitted = await world.slack.viewSubmit({ user: 'U0BOB', values: { reason: 'looks right' } });
    expect(submitted.response_action).toBe('update');
    await world.slack.waitFor(() => modalOf('U0BOB').includes('Your approval is counted for security_team'));
    const [arrived] = await world.arrived(id);
    expect(arrived).toMatchObject({
      way: 'update',
      relayed: { body: { by: 'U0BOB', decision: 'approve', reason: 'looks right', ballotId: 'ballot-1' } },
    });
    expect(isRelayed<unknown>('vote', arrived!.relayed, relayKey)).toBe(true);
    await world.slack.viewClose({ user: 'U0BOB' });
  });

  it('by one click votes before the acknowledgement', async () => {
    const { id, ts } = await asked({ oneClick: true });
    const result = await press('U0BOB', ts, ACTIONS.approve);
    expect(result.acked).toBe(true);
    expect(await votesOf(id)).toHaveLength(1);
    await world.slack.waitFor(() => world.slack.ephemerals('U0BOB').some((each) => each.text.includes('is counted')));
  });

  it('delivered twice is one vote with one id', async () => {
    const { id, ts } = await asked({ oneClick: true });
    const result = await press('U0BOB', ts, ACTIONS.approve);
    await world.slack.redeliver(result.envelopeId);
    const votes = await votesOf(id);
    expect(votes).toHaveLength(1);
    expect(voteId(votes[0]!)).toMatch(/^[0-9a-f]{40}$/);
  });

  it('by whoever asked is refused in a sentence', async () => {
    const { id, ts } = await asked({ oneClick: true });
    await press('U0ANN', ts, ACTIONS.approve);
    await world.slack.waitFor(() =>
      world.slack.ephemerals('U0ANN').some((each) => each.text.includes('four eyes are two people')),
    );
    expect(await votesOf(id)).toEqual([]);
  });

  it('goes in as a signal with the same body when no worker answers, and is counted when one comes back', async () => {
    const { id, ts } = await asked({ oneClick: true });
    await world.stopWorker();
    const result = await press('U0BOB', ts, ACTIONS.approve);
    expect(result.acked).toBe(true);
    await world.slack.waitFor(() =>
      world.slack.ephemerals('U0BOB').some((each) => each.text.includes('no worker has answered yet')),
    );
    await world.startWorker();
    const arrived = await eventually(async () => {
      const all = await world.arrived(id);
      return all.some((each) => each.way === 'signal') && all;
    });
    // The update may run too once a worker is back: both carry the same vote.
    expect(new Set(arrived.map((each) => voteId(each.relayed.body as VoteBody))).size).toBe(1);
  });
});

describe('Reject', () => {
  it('needs a reason and sends it', async () => {
    const { id, ts } = await asked();
    await press('U0BOB', ts, ACTIONS.reject);
    await world.slack.waitFor(() => world.slack.views('U0BOB').length === 1);
    const empty = await world.slack.viewSubmit({ user: 'U0BOB', values: { reason: '    ' } });
    expect(empty.errors).toHaveProperty('reason');
    await world.slack.viewSubmit({ user: 'U0BOB', values: { reason: 'wrong version' } });
    await world.slack.waitFor(() => modalOf('U0BOB').includes('rejection is counted'));
    expect(await votesOf(id)).toMatchObject([{ decision: 'reject', reason: 'wrong version' }]);
    await world.slack.viewClose({ user: 'U0BOB' });
  });
});

describe('Override…', () => {
  it('needs a reason, and sends it as a decision on the ballot of that rule', async () => {
    const { id, ts } = await asked({ purpose: 'override', rule: 'quiet week' });
    await press('U0BOB', ts, ACTIONS.approveWithReason);
    await world.slack.waitFor(() => modalOf('U0BOB').includes('soft rule'));
    const empty = await world.slack.viewSubmit({ user: 'U0BOB', values: { reason: '    ' } });
    expect(empty.errors).toHaveProperty('reason');
    expect(await votesOf(id)).toEqual([]);
    await world.slack.viewSubmit({ user: 'U0BOB', values: { reason: 'nobody shops now' } });
    await world.slack.waitFor(() => modalOf('U0BOB').includes('is counted'));
    expect(await votesOf(id)).toMatchObject([
      { by: 'U0BOB', decision: 'approve', reason: 'nobody shops now', ballotId: 'ballot-1' },
    ]);
    await world.slack.viewClose({ user: 'U0BOB' });
  });
});

describe('Withdraw my approval', () => {
  it.each([ACTIONS.approve, ACTIONS.reject])('is in the modal behind %s for whoever has approved', async (button) => {
    const { id, ts } = await asked();
    await press('U0BOB', ts, button);
    await world.slack.waitFor(() => modalOf('U0BOB').includes(ACTIONS.withdraw));

    const result = await world.slack.click({ user: 'U0BOB', actionId: ACTIONS.withdraw });

    expect(result.acked).toBe(true);
    await world.slack.waitFor(() => modalOf('U0BOB').includes('Your approval is withdrawn'));
    expect(await votesOf(id)).toMatchObject([{ by: 'U0BOB', decision: 'withdraw', ballotId: 'ballot-1' }]);
    await world.slack.viewClose({ user: 'U0BOB' });
  });
});

describe('buttons of an operation', () => {
  it('relay what is done to it, and say how it ended to whoever comes too late', async () => {
    const { id, ts } = await asked({ oneClick: true });
    await press('U0ANN', ts, ACTIONS.cancel);
    await world.slack.waitFor(() =>
      world.slack.ephemerals('U0ANN').some((each) => each.text.includes('request is cancelled')),
    );
    await world.temporal.client.workflow.getHandle(id).result();
    await press('U0BOB', ts, ACTIONS.approve);
    await world.slack.waitFor(() =>
      world.slack.ephemerals('U0BOB').some((each) => each.text.includes('already ended')),
    );
  });

  it.each([
    [ACTIONS.leaveIt, { kind: 'leave_it', reason: 'we rebuild it' }],
    [ACTIONS.doneByHand, { kind: 'done_by_hand', reason: 'we rebuild it' }],
    [ACTIONS.retryUndo, { kind: 'retry_undo', reason: 'we rebuild it' }],
    [ACTIONS.skipStep, { kind: 'skip_step' }],
    [ACTIONS.retryStep, { kind: 'retry_step' }],
  ])('relay with %s what was asked when the card was drawn', async (action, act) => {
    const { id, ts } = await asked();
    const forge = { value: JSON.stringify({ o: id, a: 'question-3' }), action_id: action };
    await world.slack.click({ user: 'U0BOB', channel: 'C0DEPLOYS', ts, actionId: ACTIONS.cancel, forge });
    if ('reason' in act) {
      await world.slack.waitFor(() => world.slack.views('U0BOB').length === 1);
      await world.slack.viewSubmit({ user: 'U0BOB', values: { reason: act.reason } });
      await world.slack.viewClose({ user: 'U0BOB' });
    }
    const [arrived] = await eventually(async () => {
      const all = await world.arrived(id);
      expect(all).toHaveLength(1);
      return all;
    });
    expect(arrived!.relayed.body).toMatchObject({ by: 'U0BOB', act: { ...act, question: 'question-3' } });
  });

  it('roll back to the version that the question named, and retry the same request, each as an operation of its own', async () => {
    const { id, ts } = await asked();
    const forge = (action: string, value: object) =>
      world.slack.click({
        user: 'U0BOB',
        channel: 'C0DEPLOYS',
        ts,
        actionId: ACTIONS.cancel,
        forge: { value: JSON.stringify(value), action_id: action },
      });
    await forge(ACTIONS.rollback, { o: id });
    await world.slack.waitFor(() =>
      world.slack.ephemerals('U0BOB').some((each) => each.text.includes('does not say which version')),
    );
    // The operation would go back to v0.9 by now: what was confirmed counts.
    await forge(ACTIONS.rollback, { o: id, v: 'v0.8' });
    const rollback = await eventually(async () => (await world.started()).find((each) => each.kind === 'rollback'));
    expect(rollback).toMatchObject({
      service: 'checkout',
      environment: 'staging',
      version: 'v0.8',
      requester: { id: 'U0BOB' },
    });
    await forge(ACTIONS.retry, { o: id });
    await eventually(async () =>
      (await world.started()).find((each) => each.kind === 'deploy' && each.requester.id === 'U0BOB'),
    );
  });

  const openIncidentFrom = async (user: string, { id, ts }: { readonly id: string; readonly ts: string }) => {
    const forge = { value: JSON.stringify({ o: id }), action_id: ACTIONS.incidentOpen };
    await world.slack.click({ user, channel: 'C0DEPLOYS', ts, actionId: ACTIONS.cancel, forge });
    await world.slack.waitFor(() => world.slack.views(user).length === 1);
    await world.slack.viewSubmit({ user, values: { summary: `payments fail for ${user}` } });
  };
  const told = (user: string) => [...world.slack.ephemerals(user), ...world.slack.dms(user)].map((each) => each.text);

  it('open one incident, which the second person joins with what they typed', async () => {
    const operation = await asked();
    const { id } = operation;
    await openIncidentFrom('U0ANN', operation);
    await eventually(async () => {
      const opened = await world.temporal.client.workflow.getHandle(incidentIdAbout(id)).describe();
      return opened.status.name === 'RUNNING';
    });
    await openIncidentFrom('U0BOB', operation);
    await world.slack.waitFor(() => told('U0BOB').some((text) => text.includes('you joined it')));
    const incident = world.temporal.client.workflow.getHandle(incidentIdAbout(id));
    const { timeline } = await incident.query<IncidentView>(VIEW_QUERY);
    expect(timeline).toEqual([expect.objectContaining({ by: 'U0BOB', text: 'join: payments fail for U0BOB' })]);
    const described = await world.temporal.client.workflow.getHandle(incidentIdAbout(id)).describe();
    expect(described.type).toBe('incident');
    const { events } = await world.temporal.client.workflow.getHandle(incidentIdAbout(id)).fetchHistory();
    const [input] = events![0]!.workflowExecutionStartedEventAttributes!.input!.payloads!;
    const { request } = JSON.parse(Buffer.from(input!.data!).toString()) as IncidentInput;
    expect(request.body).toMatchObject({ service: 'checkout', environment: 'staging', operationId: id });
  });

  it('open another incident once the first is over, and say so', async () => {
    const operation = await asked();
    const [first, second] = [1, 2].map((number) => incidentIdAbout(operation.id, number)) as [string, string];
    await openIncidentFrom('U0ANN', operation);
    await eventually(async () => (await world.temporal.client.workflow.getHandle(first).describe()).status.name);
    await world.temporal.client.workflow.getHandle(first).terminate('over');
    await openIncidentFrom('U0BOB', operation);
    await world.slack.waitFor(() =>
      told('U0BOB').some((text) => text.includes(`${shortIdIn(first)}, is over, so a new one is taken on`)),
    );
    const { status } = await world.temporal.client.workflow.getHandle(second).describe();
    expect(status.name).toBe('RUNNING');
    expect(shortIdIn(first)).not.toBe(shortIdIn(operation.id));
  });
});

it('the Home tab lists what waits for me and what is mine', async () => {
  await asked();
  await eventually(async () => {
    await world.slack.openHome('U0ANN');
    return /Deploy checkout \S+ to staging/i.test(JSON.stringify(world.slack.home('U0ANN')?.blocks ?? []));
  });
});

it('broke no rule of Slack', () => {
  expect(world.slack.violations).toEqual([]);
});
