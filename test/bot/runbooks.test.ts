import { ACTIONS } from '../../src/messages/actions';
import { hostileValues } from '../helpers/hostile-values';
import { catalogue, eventually, openBotWorld, type BotWorld } from './support/bot-world';

let world: BotWorld;
let catalogueNow: () => Promise<typeof catalogue> = () => Promise.resolve(catalogue);
beforeAll(async () => {
  world = await openBotWorld({ deps: { catalogue: () => catalogueNow() } });
  await world.startWorker();
});
afterAll(() => world?.close());
afterEach(() => {
  catalogueNow = () => Promise.resolve(catalogue);
});

const user = 'U0ANN';
const type = (command: string, text = '') => world.slack.command({ user, channel: 'C0DEPLOYS', command, text });
const last = () => world.slack.ephemerals(user).at(-1)!;
const shown = () => JSON.stringify(last().blocks);
const press = (actionId: string, value?: object) =>
  world.slack.click({
    user,
    channel: 'C0DEPLOYS',
    ts: last().ts,
    actionId,
    ...(value === undefined ? {} : { value: JSON.stringify(value) }),
  });
const form = () => world.slack.waitFor(() => world.slack.views(user).at(-1), { what: 'a form' });
const run = async (r: string, k: 'runbook' | 'provision' = 'runbook') => {
  await press(ACTIONS.runbookRun, { r, k });
  return form();
};
const startedWith = (runbook: string) =>
  eventually(async () => (await world.started()).find((each) => each.runbook === runbook));

describe('the list of runbooks', () => {
  it('comes with /runbook and no words: by folder, only what this person may run', async () => {
    await type('/runbook');
    await world.slack.waitFor(() => world.slack.ephemerals(user).length > 0 && shown().includes('drain'));
    expect(last().text).toBe('2 runbooks that you may run.');
    expect(shown()).toMatch(
      /runbooks\/hosts.*drain.*Takes hosts out of service\..*runbooks\/provision.*provision-node/,
    );
    expect(shown()).not.toContain('secret-thing');
    expect(shown()).not.toContain('deliver-service');
  });

  it('comes with /provision and no words for what can be provisioned', async () => {
    await type('/provision');
    await world.slack.waitFor(() => last().text.includes('for something new'));
    expect(shown()).toContain('provision-node');
    expect(shown()).not.toContain('drain');
  });

  it('is searched', async () => {
    await type('/runbook', 'list “out of service”');
    await world.slack.waitFor(() => last().text.includes('found by'));
    expect(shown()).toContain('drain');
    expect(shown()).not.toContain('provision-node');
  });

  it('turns its pages in place', async () => {
    const runbooks = Array.from({ length: 20 }, (_, index) => ({
      ...catalogue.runbooks[2]!,
      name: `book-${index + 10}`,
    }));
    catalogueNow = () => Promise.resolve({ ...catalogue, runbooks });
    await type('/runbook');
    await world.slack.waitFor(() => last().text.includes('Page 1 of 2'));
    const before = world.slack.ephemerals(user).length;
    await press(ACTIONS.runbookNext);
    await world.slack.waitFor(() => last().text.includes('Page 2 of 2'));
    expect(shown()).toContain('book-29');
    await press(ACTIONS.runbookPrevious);
    await world.slack.waitFor(() => last().text.includes('Page 1 of 2'));
    expect(world.slack.ephemerals(user)).toHaveLength(before);
  });
});

describe('Run', () => {
  beforeAll(async () => {
    await type('/runbook');
    await world.slack.waitFor(() => last().text === '2 runbooks that you may run.');
  });

  it('opens a form of the inputs; what is wrong is said at its field, and what is right starts it once', async () => {
    const view = await run('drain');
    expect(JSON.stringify(view.blocks)).toMatch(
      /input\.hosts.*input\.minutes.*number_input.*input\.how.*static_select.*input\.where/,
    );
    const wrong = await world.slack.viewSubmit({
      user,
      values: { 'input.hosts': 'a\nb\nc\nd', 'input.where': 'production' },
    });
    expect(wrong.errors).toEqual({ 'input.hosts': '"hosts" takes at most 3 entries.' });
    expect((await world.started()).filter(({ runbook }) => runbook === 'drain')).toEqual([]);
    await world.slack.viewSubmit({
      user,
      values: { 'input.hosts': 'a\nb', 'input.minutes': '7', 'input.where': 'production', reason: 'because' },
    });
    expect(world.slack.views(user)).toEqual([]);
    expect(await startedWith('drain')).toMatchObject({
      kind: 'runbook',
      inputs: { hosts: 'a\nb', minutes: 7, how: 'slow', where: 'production' },
      reason: 'because',
      requester: { id: user, via: 'slack' },
    });
  });

  it('provisions from the list of what can be provisioned', async () => {
    await type('/provision');
    await world.slack.waitFor(() => last().text.includes('for something new'));
    await run('provision-node', 'provision');
    await world.slack.viewSubmit({ user, values: { 'input.hostname': 'node-9', 'input.join': 'false' } });
    expect(await startedWith('provision-node')).toMatchObject({
      kind: 'provision',
      inputs: { hostname: 'node-9', join: false },
    });
  });

  it('asks for how long where what is made has a lease, and for a dry run; what is wrong is said at its field', async () => {
    await type('/provision');
    await world.slack.waitFor(() => last().text.includes('for something new'));
    const view = await run('provision-node', 'provision');
    expect(JSON.stringify(view.blocks)).toContain('at most 7d. Empty means 1d; then it is taken away.');
    const wrong = [];
    for (const lease of ['soon', '0s', '8d'])
      wrong.push((await world.slack.viewSubmit({ user, values: { 'input.hostname': 'Node', lease } })).errors);
    const length = 'Write a length of time such as 12h or 3d, or leave it empty.';
    const most =
      'It may live for 7d at most; ask for less, or have the owner of the policy repository change resource.lease.max.';
    const hostname = '"hostname" has to match [a-z0-9-]+.';
    expect(wrong).toEqual([length, length, most].map((lease) => ({ 'input.hostname': hostname, lease })));
    await world.slack.viewSubmit({ user, values: { 'input.hostname': 'node-10', lease: ' 3D ', check: ['yes'] } });
    const request = await eventually(async () =>
      (await world.started()).find(({ inputs }) => inputs.hostname === 'node-10'),
    );
    expect(request).toMatchObject({ kind: 'provision', lease: '3d', check: true });
  });

  it('refuses values that try to be more than data at their field', async () => {
    await type('/provision');
    await world.slack.waitFor(() => last().text.includes('for something new'));
    await run('provision-node', 'provision');
    const before = (await world.started()).length;
    const hostile = hostileValues.filter((value) => value.length <= 3_000 && /[^a-z0-9-]/.test(value.trim()));
    for (const value of hostile) {
      const { errors } = await world.slack.viewSubmit({ user, values: { 'input.hostname': value } });
      expect([value, errors]).toEqual([value, { 'input.hostname': '"hostname" has to match [a-z0-9-]+.' }]);
    }
    expect(await world.started()).toHaveLength(before);
    await world.slack.viewClose({ user });
  });

  it('says so when the runbook is gone or the policy does not answer', async () => {
    await type('/runbook');
    await world.slack.waitFor(() => last().text === '2 runbooks that you may run.');
    const list = last().ts;
    const pressed = () =>
      world.slack.click({
        user,
        channel: 'C0DEPLOYS',
        ts: list,
        actionId: ACTIONS.runbookRun,
        value: JSON.stringify({ r: 'drain', k: 'runbook' }),
      });
    catalogueNow = () => Promise.resolve({ ...catalogue, runbooks: [] });
    await pressed();
    await world.slack.waitFor(() => last().text.includes('There is no runbook drain any more'));
    catalogueNow = () => Promise.reject(new Error('git is away'));
    await pressed();
    await world.slack.waitFor(() => last().text.includes('The policy repository does not answer'));
    expect(world.slack.views(user)).toEqual([]);
  });
});
