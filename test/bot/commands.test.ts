import { ACTIONS } from '../../src/messages/actions';
import type { KnownPerson } from '../../src/operation/asker';
import { isRelayed } from '../../src/operation/relay';
import { SEARCH_ATTRIBUTES, type OperationInput } from '../../workflows/contract';
import { eventually, openBotWorld, relayKey, type BotWorld } from './support/bot-world';

let world: BotWorld;
let known: KnownPerson | undefined;
beforeAll(async () => {
  world = await openBotWorld({ deps: { known: (user) => (known?.user === user ? known : undefined) } });
  await world.startWorker();
});
afterAll(() => world?.close());

const type = (command: string, text: string) =>
  world.slack.command({ user: 'U0ANN', channel: 'C0DEPLOYS', command, text });
async function inputOf(id: string): Promise<OperationInput> {
  const { events } = await world.temporal.client.workflow.getHandle(id).fetchHistory();
  const data = events![0]!.workflowExecutionStartedEventAttributes!.input!.payloads![0]!.data!;
  return JSON.parse(Buffer.from(data).toString()) as OperationInput;
}
const shown = () => JSON.stringify(world.slack.ephemerals('U0ANN').at(-1)?.blocks ?? []);
const said = () => world.slack.ephemerals('U0ANN').at(-1)?.text ?? '';

describe('a command', () => {
  it('is a workflow before it is acknowledged, signed and with its search attributes', async () => {
    const result = await type('/deploy', 'checkout v1.2 to production —reason “fixes &lt;VAT&gt;”');
    expect(result.acked).toBe(true);
    const id = /taken on as (\w+)/.exec(said())![1]!;
    // No waiting here: whatever was acknowledged must be there already.
    const handle = world.temporal.client.workflow.getHandle(`deploy-checkout-production-${id}`);
    const described = await handle.describe();
    expect(described.searchAttributes[SEARCH_ATTRIBUTES.service.name]).toEqual(['checkout']);
    expect(described.searchAttributes[SEARCH_ATTRIBUTES.requester.name]).toEqual(['U0ANN']);
    const { request } = await inputOf(handle.workflowId);
    expect(isRelayed('request', request, relayKey)).toBe(true);
    expect(request.body).toMatchObject({
      kind: 'deploy',
      version: 'v1.2',
      reason: 'fixes <VAT>',
      requester: { kind: 'person', id: 'U0ANN', via: 'slack' },
      asked: { channel: 'C0DEPLOYS' },
    });
  });

  it('says, signed, what is freshly known of the person, and nothing of others', async () => {
    known = { format: 1, user: 'U0ANN', groups: ['S0SEC'], at: new Date().toISOString() };
    await type('/deploy', 'checkout v1.3 to production');
    const id = /taken on as (\w+)/.exec(said())![1]!;
    const input = await inputOf(`deploy-checkout-production-${id}`);
    expect(input.known?.body).toEqual(known);
    expect(isRelayed('person', input.known!, relayKey)).toBe(true);

    known = undefined;
    await type('/deploy', 'checkout v1.4 to production');
    const next = /taken on as (\w+)/.exec(said())![1]!;
    expect((await inputOf(`deploy-checkout-production-${next}`)).known).toBeUndefined();
  });

  it('that Slack delivers twice is one operation', async () => {
    const first = await type('/deploy', 'payments v7 to staging');
    await world.slack.redeliver(first.envelopeId);
    const found = await eventually(async () => {
      const all = await world.started();
      return all.some((each) => each.service === 'payments') && all;
    });
    expect(found.filter((each) => each.service === 'payments')).toHaveLength(1);
  });

  it('fills the inputs of a runbook in their order, with their types', async () => {
    await type('/provision', 'provision-node node-7 join=false');
    const request = await eventually(async () => (await world.started()).find((each) => each.kind === 'provision'));
    expect(request.inputs).toEqual({ hostname: 'node-7', join: false });
  });

  it('that is mistyped starts nothing and says what was probably meant', async () => {
    await type('/rollback', 'chekout in production');
    expect(said()).toContain('There is no service "chekout"');
    expect(said()).toContain('Did you mean: checkout');
    expect((await world.started()).filter((each) => each.kind === 'rollback')).toEqual([]);
  });

  it('that only looks answers privately', async () => {
    await type('/signalbox', 'why checkout to production');
    await world.slack.waitFor(() => said().includes('security_team'));
    await type('/signalbox', 'what-if "deploy checkout v9 to production" at “friday 18:00”');
    await world.slack.waitFor(() => said().includes('A deploy of v9 was judged for friday 18:00.'));
    await type('/signalbox', 'what-if "deploy checkout v9 to production" at never');
    await world.slack.waitFor(() => said().includes('"never" is not an instant'));
    expect((await world.started()).filter((each) => each.version === 'v9')).toEqual([]);
    await type('/signalbox', 'help');
    await world.slack.waitFor(() => said().includes('/rollback &lt;service&gt;'));
    expect(said()).not.toContain('/provision &lt;runbook&gt;');
    await type('/signalbox', 'status');
    await world.slack.waitFor(() => said().includes('open'));
  });
});

describe('a command without arguments', () => {
  it('opens a form that says what is wrong by field, then starts the operation', async () => {
    await type('/deploy', '');
    await world.slack.waitFor(() => world.slack.views('U0ANN').length === 1);
    const wrong = await world.slack.viewSubmit({
      user: 'U0ANN',
      values: { service: 'checkout', environment: 'staging', version: '--upload-pack' },
    });
    expect(wrong.errors).toEqual({ version: expect.stringContaining('tag, a branch or a commit') });
    const right = await world.slack.viewSubmit({
      user: 'U0ANN',
      values: { service: 'checkout', environment: 'staging', version: 'v3' },
    });
    expect(right.acked).toBe(true);
    expect(world.slack.views('U0ANN')).toHaveLength(0);
    await eventually(async () => (await world.started()).find((each) => each.version === 'v3'));
  });

  it('asks for the inputs of a runbook once it is chosen', async () => {
    await type('/runbook', '');
    await world.slack.waitFor(() => shown().includes('provision-node'));
    const value = JSON.stringify({ r: 'provision-node', k: 'runbook' });
    const { ts } = world.slack.ephemerals('U0ANN').at(-1)!;
    await world.slack.click({ user: 'U0ANN', channel: 'C0DEPLOYS', ts, actionId: ACTIONS.runbookRun, value });
    const form = await world.slack.waitFor(() => world.slack.views('U0ANN').at(-1));
    expect(JSON.stringify(form.blocks)).toContain('input.hostname');
    await world.slack.viewSubmit({ user: 'U0ANN', values: { 'input.hostname': 'node-9' } });
    const request = await eventually(async () => (await world.started()).find((each) => each.kind === 'runbook'));
    expect(request).toMatchObject({ runbook: 'provision-node', inputs: { hostname: 'node-9', join: true } });
  });

  it('offers no handler; who asks for one by name hears what policy says, with every value in its place', async () => {
    await type('/runbook', 'list');
    await world.slack.waitFor(() => shown().includes('provision-node'));
    expect(shown()).not.toContain('deliver-service');
    await type('/runbook', 'run deliver-service checkout v7.0.0');
    const request = await eventually(async () =>
      (await world.started()).find((each) => each.runbook === 'deliver-service'),
    );
    expect(request.inputs).toEqual({ service: 'checkout', version: 'v7.0.0' });
  });
});

describe('an incident', () => {
  it('is declared, added to and closed from the command line of Slack', async () => {
    await type('/incident', 'declare sev1 checkout "payments fail"');
    expect(said()).toContain('The incident is taken on');
    await eventually(async () => {
      await type('/incident', 'update "cause found"');
      return said().includes('timeline has your line');
    });
    await type('/incident', 'resolve');
    expect(said()).toContain('timeline has your line');
  });
});

it('broke no rule of Slack', () => {
  expect(world.slack.violations).toEqual([]);
});
