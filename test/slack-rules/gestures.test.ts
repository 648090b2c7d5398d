import type { App } from '@slack/bolt';
import { startBolt, type BoltUnderTest } from './bolt-app';
import { startSlackRules, type SlackRules } from './index';

const plain = (text: string) => ({ type: 'plain_text' as const, text });
const button = (actionId: string, value: string) => ({
  type: 'button' as const,
  action_id: actionId,
  text: plain(value),
  value,
});
const card = (...values: string[]) => [
  { type: 'actions' as const, elements: values.map((value) => button(`choose_${value}`, value)) },
];
const form = (more: object = {}) => ({
  type: 'modal' as const,
  callback_id: 'form',
  title: plain('Form'),
  submit: plain('Send'),
  notify_on_close: true,
  blocks: [
    {
      type: 'input' as const,
      block_id: 'reason',
      label: plain('Reason'),
      element: { type: 'plain_text_input' as const, action_id: 'text' },
    },
    {
      type: 'input' as const,
      block_id: 'service',
      optional: true,
      label: plain('Service'),
      element: { type: 'external_select' as const, action_id: 'pick', min_query_length: 0 },
    },
  ],
  ...more,
});

let slack: SlackRules;
let bolt: BoltUnderTest;
let bodies: Record<string, unknown>[] = [];
let onSubmit: Parameters<App['view']>[1];

beforeAll(async () => {
  slack = await startSlackRules({
    users: ['U0ANA', 'U0BEN', { id: 'U0OTHER', is_stranger: true, team_id: 'T0OTHER' }],
    channels: [
      { id: 'C0OPS', name: 'ops' },
      { id: 'C0SECRET', name: 'secret', is_private: true, members: ['U0ANA', 'U0SIGNALBOX'] },
    ],
    limits: { scale: 50, postBurst: 100 },
  });
  bolt = await startBolt(slack, {
    register: (app) => {
      app.action(/.*/, async ({ ack, body }) => {
        bodies.push(body as unknown as Record<string, unknown>);
        await ack();
      });
      app.command('/form', async ({ ack, body }) => {
        bodies.push(body);
        await ack();
      });
      app.shortcut('from_message', async ({ ack, body }) => {
        bodies.push(body as unknown as Record<string, unknown>);
        await ack();
      });
      app.options('pick', async ({ ack, options }) =>
        ack({ options: [{ text: plain(options.value), value: options.value }] }),
      );
      app.view('form', (args) => onSubmit(args));
      app.view({ callback_id: 'form', type: 'view_closed' }, async ({ ack, body }) => {
        bodies.push(body as unknown as Record<string, unknown>);
        await ack();
      });
    },
  });
});
afterAll(async () => {
  await bolt.stop();
  await slack.stop();
});
beforeEach(() => {
  bodies = [];
});

const post = async (channel: string, blocks: ReturnType<typeof card>): Promise<string> =>
  (await bolt.app.client.chat.postMessage({ channel, text: 'Choose.', blocks })).ts as string;
const trigger = async (user = 'U0ANA'): Promise<string> =>
  (await slack.command({ user, channel: 'C0OPS', command: '/form' })).triggerId as string;
const openForm = async (more: object = {}, user = 'U0ANA'): Promise<string> =>
  (await bolt.app.client.views.open({ trigger_id: await trigger(user), view: form(more) })).view?.id as string;
const errorOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'no error',
    (error: { data?: { error?: string } }) => error.data?.error ?? String(error),
  );
const respond = (url: string, body: object): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

describe('a click', () => {
  it('carries person, message, container and value', async () => {
    const ts = await post('C0OPS', card('yes', 'no'));
    await slack.click({ user: 'U0BEN', channel: '#ops', ts, actionId: 'choose_no' });
    expect(bodies[0]).toMatchObject({
      type: 'block_actions',
      user: { id: 'U0BEN', team_id: 'T0ACME' },
      container: { type: 'message', message_ts: ts, channel_id: 'C0OPS' },
      message: { ts, text: 'Choose.' },
      actions: [{ action_id: 'choose_no', value: 'no' }],
    });
  });

  it('can only be on what the message shows, or on what it showed before', async () => {
    const ts = await post('C0OPS', card('old'));
    await bolt.app.client.chat.update({ channel: 'C0OPS', ts, text: 'Choose.', blocks: card('new') });
    await expect(slack.click({ user: 'U0ANA', channel: 'C0OPS', ts, actionId: 'choose_old' })).rejects.toThrow(
      /choose_new/,
    );
    await slack.click({ user: 'U0ANA', channel: 'C0OPS', ts, actionId: 'choose_old', messageVersion: 0 });
    expect(bodies).toMatchObject([{ actions: [{ value: 'old' }] }]);
  });

  it('can be forged with any value and by anybody', async () => {
    const ts = await post('C0SECRET', card('yes'));
    await expect(slack.click({ user: 'U0BEN', channel: 'C0SECRET', ts, actionId: 'choose_yes' })).rejects.toThrow(
      /cannot see/,
    );
    await slack.click({ user: 'U0BEN', channel: 'C0SECRET', ts: '9.9', actionId: 'approve', forge: { value: 'mine' } });
    expect(bodies).toMatchObject([
      { actions: [{ action_id: 'approve', value: 'mine' }], container: { message_ts: '9.9' } },
    ]);
  });

  it('by an external person arrives, and says so', async () => {
    const ts = await post('C0OPS', card('yes'));
    await slack.click({ user: 'U0OTHER', channel: 'C0OPS', ts, actionId: 'choose_yes' });
    expect(bodies).toMatchObject([{ user: { id: 'U0OTHER', team_id: 'T0OTHER' } }]);
    expect(await slack.command({ user: 'U0OTHER', channel: 'C0OPS', command: '/form' })).toMatchObject({
      error: 'not_supported',
    });
  });

  it('on a private message names no message', async () => {
    const sent = await bolt.app.client.chat.postEphemeral({
      channel: 'C0OPS',
      user: 'U0ANA',
      text: 'Choose.',
      blocks: card('yes'),
    });
    await slack.click({ user: 'U0ANA', channel: 'C0OPS', ts: sent.message_ts as string, actionId: 'choose_yes' });
    expect(bodies[0]).toMatchObject({ container: { is_ephemeral: true } });
    expect(bodies[0]).not.toHaveProperty('message');
  });
});

describe('a trigger', () => {
  it('opens one view, once', async () => {
    const id = await trigger();
    await bolt.app.client.views.open({ trigger_id: id, view: form() });
    expect(await errorOf(bolt.app.client.views.open({ trigger_id: id, view: form() }))).toBe('exchanged_trigger_id');
    expect(await errorOf(bolt.app.client.views.open({ trigger_id: 'made up', view: form() }))).toBe(
      'invalid_trigger_id',
    );
  });

  it('is dead after three seconds', async () => {
    const id = await trigger();
    await new Promise((resolve) => setTimeout(resolve, 3_050));
    expect(await errorOf(bolt.app.client.views.open({ trigger_id: id, view: form() }))).toBe('expired_trigger_id');
  });
});

describe('a response_url', () => {
  it('takes five posts, private by default', async () => {
    const { responseUrl } = await slack.command({ user: 'U0BEN', channel: 'C0OPS', command: '/form' });
    const before = slack.messages('C0OPS').length;
    const statuses: number[] = [];
    for (let index = 0; index < 6; index += 1)
      statuses.push((await respond(responseUrl as string, { text: `n${index}` })).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 404]);
    expect(slack.ephemerals('U0BEN')).toHaveLength(5);
    expect(slack.messages('C0OPS')).toHaveLength(before);
  });

  it('replaces the clicked message, or posts publicly', async () => {
    const ts = await post('C0OPS', card('yes'));
    const { responseUrl } = await slack.click({ user: 'U0ANA', channel: 'C0OPS', ts, actionId: 'choose_yes' });
    await respond(responseUrl as string, { text: 'Done.', replace_original: true });
    await respond(responseUrl as string, { text: 'Public.', response_type: 'in_channel' });
    expect(slack.message('C0OPS', ts).text).toBe('Done.');
    expect(slack.messages('C0OPS').at(-1)?.text).toBe('Public.');
  });

  it('dies after thirty (scaled) minutes', async () => {
    const quick = await startSlackRules({ users: ['U0ANA'], channels: ['C0OPS'], limits: { scale: 100_000 } });
    const { responseUrl } = await quick.command({ user: 'U0ANA', channel: 'C0OPS', command: '/form' });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect((await respond(responseUrl as string, { text: 'Late.' })).status).toBe(404);
    await quick.stop();
  });
});

describe('a modal', () => {
  beforeEach(() => slack.workspace.modals.clear());

  it('is sent with what was typed, and closes', async () => {
    await openForm();
    onSubmit = async ({ ack, view }) => {
      bodies.push(view as unknown as Record<string, unknown>);
      await ack();
    };
    const result = await slack.viewSubmit({ user: 'U0ANA', values: { reason: 'Because.', pick: 'checkout' } });
    expect(result.acked).toBe(true);
    expect(bodies.at(-1)).toMatchObject({
      state: {
        values: {
          reason: { text: { value: 'Because.' } },
          service: { pick: { selected_option: { value: 'checkout' } } },
        },
      },
    });
    expect(slack.views('U0ANA')).toEqual([]);
  });

  it('cannot be sent with a required field empty', async () => {
    await openForm();
    await expect(slack.viewSubmit({ user: 'U0ANA' })).rejects.toThrow(/reason is required/);
    await expect(slack.viewSubmit({ user: 'U0ANA', values: { nothing: 'x' } })).rejects.toThrow(/no field nothing/);
  });

  it('stays open with errors, which must name its inputs', async () => {
    await openForm();
    onSubmit = ({ ack }) => ack({ response_action: 'errors', errors: { reason: 'Too short.' } });
    const result = await slack.viewSubmit({ user: 'U0ANA', values: { reason: 'x' } });
    expect(result).toMatchObject({ response_action: 'errors', errors: { reason: 'Too short.' } });
    expect(slack.views('U0ANA')).toHaveLength(1);
    onSubmit = ({ ack }) => ack({ response_action: 'errors', errors: { elsewhere: 'No.' } });
    await slack.viewSubmit({ user: 'U0ANA', values: { reason: 'x' } });
    expect(slack.violations.at(-1)).toMatchObject({ rule: 'invalid_ack_response' });
  });

  it('is updated, pushed on and cleared by the answer to its submission', async () => {
    await openForm();
    onSubmit = ({ ack }) => ack({ response_action: 'update', view: form({ title: plain('Second') }) });
    await slack.viewSubmit({ user: 'U0ANA', values: { reason: 'x' } });
    expect(slack.views('U0ANA')[0]?.title).toMatchObject({ text: 'Second' });
    onSubmit = ({ ack }) => ack({ response_action: 'push', view: form({ title: plain('Third') }) });
    await slack.viewSubmit({ user: 'U0ANA', values: { reason: 'x' } });
    expect(slack.views('U0ANA')).toHaveLength(2);
    onSubmit = ({ ack }) => ack({ response_action: 'clear' });
    await slack.viewSubmit({ user: 'U0ANA', values: { reason: 'x' } });
    expect(slack.views('U0ANA')).toEqual([]);
  });

  it('is updated only by who has seen its latest state', async () => {
    const { view } = await bolt.app.client.views.open({ trigger_id: await trigger(), view: form() });
    const change = { view_id: view?.id as string, view: form({ title: plain('Changed') }) };
    await bolt.app.client.views.update({ ...change, hash: view?.hash });
    expect(await errorOf(bolt.app.client.views.update({ ...change, hash: view?.hash }))).toBe('hash_conflict');
    await slack.viewClose({ user: 'U0ANA' });
    expect(await errorOf(bolt.app.client.views.update(change))).toBe('not_found');
    expect(bodies.at(-1)).toMatchObject({ type: 'view_closed', is_cleared: false });
  });

  it('carries two more at most', async () => {
    await openForm();
    for (let index = 0; index < 2; index += 1)
      await bolt.app.client.views.push({ trigger_id: await trigger(), view: form() });
    expect(await errorOf(bolt.app.client.views.push({ trigger_id: await trigger(), view: form() }))).toBe(
      'push_limit_reached',
    );
  });

  it('belongs to one person', async () => {
    const viewId = await openForm({ external_id: 'mine' });
    expect(slack.views('U0BEN')).toEqual([]);
    await expect(slack.viewSubmit({ user: 'U0BEN', viewId, values: { reason: 'x' } })).rejects.toThrow(/no view/);
    const twin = bolt.app.client.views.open({
      trigger_id: await trigger('U0BEN'),
      view: form({ external_id: 'mine' }),
    });
    expect(await errorOf(twin)).toBe('duplicate_external_id');
  });

  it('that breaks a rule is refused, with the place', async () => {
    const call = bolt.app.client.views.open({
      trigger_id: await trigger(),
      view: form({ title: plain('x'.repeat(25)) }),
    });
    await expect(call).rejects.toMatchObject({
      data: {
        error: 'invalid_arguments',
        response_metadata: { messages: ['[ERROR] must be less than 25 characters [json-pointer:/view/title/text]'] },
      },
    });
  });

  it('offers the options the app names', async () => {
    await openForm();
    const result = await slack.optionsRequest({ user: 'U0ANA', actionId: 'pick', query: 'check' });
    expect(result.options).toMatchObject([{ value: 'check' }]);
  });
});

describe('the home tab', () => {
  it('is published per person, with a hash that guards it', async () => {
    const view = { type: 'home' as const, blocks: card('open') };
    const first = await bolt.app.client.views.publish({ user_id: 'U0ANA', view });
    await bolt.app.client.views.publish({ user_id: 'U0ANA', view, hash: first.view?.hash });
    expect(await errorOf(bolt.app.client.views.publish({ user_id: 'U0ANA', view, hash: first.view?.hash }))).toBe(
      'hash_conflict',
    );
    expect(slack.home('U0BEN')).toBeUndefined();
    await slack.click({ user: 'U0ANA', viewId: slack.home('U0ANA')?.id, actionId: 'choose_open' });
    expect(bodies.at(-1)).toMatchObject({ container: { type: 'view' }, view: { type: 'home' } });
  });
});

it('a message shortcut brings the message, also from a thread', async () => {
  const root = await slack.say({ user: 'U0ANA', channel: 'C0OPS', text: 'It is down.' });
  const reply = await slack.say({ user: 'U0BEN', channel: 'C0OPS', text: 'Confirmed.', threadTs: root.ts });
  await slack.shortcut({ user: 'U0ANA', callbackId: 'from_message', message: { channel: 'C0OPS', ts: reply.ts } });
  expect(bodies.at(-1)).toMatchObject({ type: 'message_action', message: { text: 'Confirmed.', thread_ts: root.ts } });
});
