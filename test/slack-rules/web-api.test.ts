import { WebClient, type WebAPIPlatformError } from '@slack/web-api';
import { quiet } from './bolt-app';
import { startSlackRules, type SlackRules } from './index';

let slack: SlackRules;
let client: WebClient;

const options = { logger: quiet, retryConfig: { retries: 0 }, rejectRateLimitedCalls: true, timeout: 3_000 } as const;
const errorOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'no error',
    (error: WebAPIPlatformError) => error.data?.error ?? String(error),
  );
const rules = (): string[] => slack.violations.map(({ rule }) => rule);

beforeEach(async () => {
  slack = await startSlackRules({
    users: [
      'U0ANA',
      { id: 'U0GONE', deleted: true },
      { id: 'U0GUEST', is_restricted: true },
      { id: 'U0SINGLE', is_ultra_restricted: true, is_restricted: true },
      { id: 'U0OTHER', is_stranger: true, team_id: 'T0OTHER' },
      { id: 'U0ROBOT', is_bot: true },
    ],
    groups: [{ id: 'S0SEC', handle: 'security', users: ['U0ANA'] }],
    channels: [
      { id: 'C0OPS', name: 'ops' },
      { id: 'C0ELSEWHERE', name: 'elsewhere', members: ['U0ANA'] },
      { id: 'C0SECRET', name: 'secret', is_private: true, members: ['U0ANA'] },
      { id: 'C0OLD', name: 'old', is_archived: true },
      { id: 'C0SHARED', name: 'shared', is_ext_shared: true },
    ],
    limits: { scale: 100, postBurst: 100 },
  });
  client = new WebClient(slack.botToken, { slackApiUrl: slack.apiUrl, ...options });
});
afterEach(() => slack.stop());

describe('tokens', () => {
  it.each([
    ['no token', () => undefined, 'not_authed'],
    ['a wrong token', () => 'xoxb-wrong', 'invalid_auth'],
    ['the app token', () => slack.appToken, 'not_allowed_token_type'],
  ])('refuses %s', async (_name, token, error) => {
    const stranger = new WebClient(token(), { slackApiUrl: slack.apiUrl, ...options });
    expect(await errorOf(stranger.auth.test())).toBe(error);
    expect(rules()).toEqual(['invalid_auth']);
  });

  it('refuses a token that was revoked', async () => {
    slack.revoke(slack.botToken);
    expect(await errorOf(client.auth.test())).toBe('token_revoked');
  });

  it('says whose token it is', async () => {
    expect(await client.auth.test()).toMatchObject({ user_id: slack.botUserId, team_id: 'T0ACME' });
  });
});

describe('chat.postMessage', () => {
  it.each([
    ['#ops', 'C0OPS'],
    ['ops', 'C0OPS'],
    ['C0OPS', 'C0OPS'],
    ['U0ANA', 'D0ANA'],
  ])('to %s lands in %s', async (channel, landed) => {
    const result = await client.chat.postMessage({ channel, text: 'Hello.' });
    expect(result.channel).toBe(landed);
    expect(slack.messages(landed).map(({ text }) => text)).toEqual(['Hello.']);
  });

  it.each([
    ['C0NOWHERE', 'channel_not_found'],
    ['C0SECRET', 'channel_not_found'],
    ['C0ELSEWHERE', 'not_in_channel'],
    ['C0OLD', 'is_archived'],
    ['U0GONE', 'channel_not_found'],
    ['U0ROBOT', 'cannot_dm_bot'],
  ])('to %s is refused with %s', async (channel, error) => {
    expect(await errorOf(client.chat.postMessage({ channel, text: 'Hello.' }))).toBe(error);
  });

  it('may go where the bot is no member only with chat:write.public', async () => {
    slack.setCapabilities({ postAnywhere: true });
    expect(await errorOf(client.chat.postMessage({ channel: 'C0ELSEWHERE', text: 'Hello.' }))).toBe('no error');
  });

  it('refuses invalid blocks, points to them and records it', async () => {
    const blocks = [{ type: 'header', text: { type: 'plain_text', text: 'x'.repeat(151) } }];
    const call = client.chat.postMessage({ channel: 'C0OPS', text: 'Hello.', blocks });
    await expect(call).rejects.toMatchObject({
      data: {
        error: 'invalid_blocks',
        errors: ['must be less than 151 characters [json-pointer:/blocks/0/text/text]'],
      },
    });
    expect(rules()).toEqual(['invalid_blocks']);
    expect(slack.messages('C0OPS')).toEqual([]);
  });

  it('refuses blocks that are not JSON', async () => {
    const broken = client.apiCall('chat.postMessage', { channel: 'C0OPS', text: 'Hello.', blocks: '[{' });
    expect(await errorOf(broken)).toBe('invalid_blocks_format');
  });

  it('refuses a message with nothing in it', async () => {
    expect(await errorOf(client.apiCall('chat.postMessage', { channel: 'C0OPS' }))).toBe('no_text');
  });

  it('takes blocks without text but notes that phones get nothing to read', async () => {
    await client.apiCall('chat.postMessage', { channel: 'C0OPS', blocks: [{ type: 'divider' }] });
    expect(rules()).toEqual(['missing_text']);
  });

  it('notes a message that calls the whole channel', async () => {
    await client.chat.postMessage({ channel: 'C0OPS', text: 'Wake up <!channel>.' });
    expect(rules()).toEqual(['broadcast_mention']);
  });

  it('cuts very long text and warns', async () => {
    const result = await client.chat.postMessage({ channel: 'C0OPS', text: 'x'.repeat(40_001) });
    expect(result.response_metadata?.warnings).toContain('message_truncated');
    expect(slack.messages('C0OPS')[0]?.text).toHaveLength(40_000);
  });

  it('keeps metadata and returns it when asked', async () => {
    const metadata = { event_type: 'signalbox', event_payload: { key: 'abc' } };
    await client.chat.postMessage({ channel: 'C0OPS', text: 'Hello.', metadata });
    const shown = await client.conversations.history({ channel: 'C0OPS', include_all_metadata: true });
    const hidden = await client.conversations.history({ channel: 'C0OPS' });
    expect(shown.messages?.[0]?.metadata).toEqual(metadata);
    expect(hidden.messages?.[0]?.metadata).toBeUndefined();
  });

  it('hangs replies under the first message, shows only broadcasts in the channel', async () => {
    const first = await client.chat.postMessage({ channel: 'C0OPS', text: 'Card.' });
    const reply = await client.chat.postMessage({ channel: 'C0OPS', text: 'Detail.', thread_ts: first.ts });
    await client.chat.postMessage({
      channel: 'C0OPS',
      text: 'Outcome.',
      thread_ts: first.ts as string,
      reply_broadcast: true,
    });
    const history = await client.conversations.history({ channel: 'C0OPS' });
    const replies = await client.conversations.replies({ channel: 'C0OPS', ts: first.ts as string });
    expect(history.messages?.map(({ text }) => text)).toEqual(['Outcome.', 'Card.']);
    expect(history.messages?.[1]).toMatchObject({ reply_count: 2 });
    expect(replies.messages?.map(({ text }) => text)).toEqual(['Card.', 'Detail.', 'Outcome.']);
    await client.chat.postMessage({ channel: 'C0OPS', text: 'Deeper.', thread_ts: reply.ts });
    expect(rules()).toEqual(['reply_to_a_reply']);
    expect(await errorOf(client.chat.postMessage({ channel: 'C0OPS', text: 'Lost.', thread_ts: '1.000001' }))).toBe(
      'thread_not_found',
    );
  });
});

describe('chat.update', () => {
  const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });

  it('keeps metadata, replaces blocks, and remembers each version', async () => {
    const metadata = { event_type: 'signalbox', event_payload: { key: 'abc' } };
    const { ts } = await client.chat.postMessage({
      channel: 'C0OPS',
      text: 'One.',
      blocks: [section('one')],
      metadata,
    });
    await client.chat.update({ channel: 'C0OPS', ts: ts as string, text: 'Two.', blocks: [section('two')] });
    await client.chat.update({ channel: 'C0OPS', ts: ts as string, text: 'Three.' });
    const message = slack.message('C0OPS', ts as string);
    expect(message.versions.map(({ text, blocks }) => [text, blocks.length])).toEqual([
      ['One.', 1],
      ['Two.', 1],
      ['Three.', 0],
    ]);
    expect(message.metadata).toEqual(metadata);
  });

  it('refuses what it may not or cannot edit', async () => {
    const human = await slack.say({ user: 'U0ANA', channel: 'C0OPS', text: 'Mine.' });
    const own = await client.chat.postMessage({ channel: 'C0OPS', text: 'Bot.' });
    const ts = own.ts as string;
    expect(await errorOf(client.chat.update({ channel: 'C0OPS', ts: human.ts, text: 'Yours.' }))).toBe(
      'cant_update_message',
    );
    expect(await errorOf(client.chat.update({ channel: 'C0OPS', ts: '1.000001', text: 'No.' }))).toBe(
      'message_not_found',
    );
    expect(await errorOf(client.chat.update({ channel: 'C0OPS', ts, text: 'x'.repeat(4_001) }))).toBe('msg_too_long');
    slack.deleteMessage('C0OPS', ts);
    expect(await errorOf(client.chat.update({ channel: 'C0OPS', ts, text: 'Gone.' }))).toBe('message_not_found');
  });

  it('does not turn rich text into other blocks', async () => {
    const rich = {
      type: 'rich_text',
      elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: 'a' }] }],
    };
    const { ts } = (await client.apiCall('chat.postMessage', { channel: 'C0OPS', text: 'One.', blocks: [rich] })) as {
      ts?: string;
    };
    const call = client.chat.update({ channel: 'C0OPS', ts: ts as string, text: 'Two.', blocks: [section('two')] });
    expect(await errorOf(call)).toBe('block_mismatch');
  });
});

describe('private messages', () => {
  it('are shown to one member only', async () => {
    await client.chat.postEphemeral({ channel: 'C0OPS', user: 'U0ANA', text: 'Only you.' });
    expect(slack.ephemerals('U0ANA').map(({ text }) => text)).toEqual(['Only you.']);
    expect(slack.messages('C0OPS')).toEqual([]);
    slack.addUser({ id: 'U0LATE' });
    expect(await errorOf(client.chat.postEphemeral({ channel: 'C0OPS', user: 'U0LATE', text: 'No.' }))).toBe(
      'user_not_in_channel',
    );
  });

  it('open a conversation with a person who is still there', async () => {
    expect((await client.conversations.open({ users: 'U0ANA' })).channel?.id).toBe('D0ANA');
    expect(await errorOf(client.conversations.open({ users: 'U0GONE' }))).toBe('user_disabled');
    expect(await errorOf(client.conversations.open({ users: 'U0NOBODY' }))).toBe('user_not_found');
  });
});

describe('channels', () => {
  it('are created, described, filled, marked and archived', async () => {
    const { channel } = await client.conversations.create({ name: 'inc-20261121-checkout' });
    const id = channel?.id as string;
    await client.conversations.invite({ channel: id, users: 'U0ANA,U0GUEST' });
    await client.conversations.setTopic({ channel: id, topic: 'SEV2' });
    const { ts } = await client.chat.postMessage({ channel: id, text: 'Card.' });
    await client.pins.add({ channel: id, timestamp: ts as string });
    await client.bookmarks.add({ channel_id: id, title: 'Dashboard', type: 'link', link: 'https://example.com' });
    await client.reactions.add({ channel: id, timestamp: ts as string, name: 'eyes' });
    expect(slack.channel(id)).toMatchObject({ topic: 'SEV2', pins: [ts], bookmarks: [{ title: 'Dashboard' }] });
    expect((await client.conversations.members({ channel: id })).members).toEqual([
      slack.botUserId,
      'U0ANA',
      'U0GUEST',
    ]);
    expect(await errorOf(client.pins.add({ channel: id, timestamp: ts as string }))).toBe('already_pinned');
    expect(await errorOf(client.reactions.add({ channel: id, timestamp: ts as string, name: 'eyes' }))).toBe(
      'already_reacted',
    );
    expect(await errorOf(client.conversations.invite({ channel: id, users: 'U0ANA' }))).toBe('already_in_channel');
    await client.conversations.archive({ channel: id });
    expect(await errorOf(client.chat.postMessage({ channel: id, text: 'Late.' }))).toBe('is_archived');
  });

  it.each([
    ['ops', 'name_taken'],
    ['', 'invalid_name_required'],
    ['Ops', 'invalid_name_specials'],
    ['a b', 'invalid_name_specials'],
    ['x'.repeat(81), 'invalid_name_maxlength'],
  ])('are not created as "%s"', async (name, error) => {
    expect(await errorOf(client.conversations.create({ name }))).toBe(error);
  });

  it.each([
    ['U0GONE', 'user_disabled'],
    ['U0NOBODY', 'user_not_found'],
    ['U0SINGLE', 'ura_max_channels'],
    ['U0OTHER', 'cant_invite'],
  ])('do not take in %s', async (users, error) => {
    const { channel } = await client.conversations.create({ name: 'room' });
    expect(await errorOf(client.conversations.invite({ channel: channel?.id as string, users }))).toBe(error);
  });

  it('show whether another organisation is in them', async () => {
    const shared = await client.conversations.info({ channel: 'C0SHARED' });
    expect(shared.channel?.is_ext_shared).toBe(true);
    slack.shareChannel('#ops');
    expect((await client.conversations.info({ channel: 'C0OPS' })).channel?.is_ext_shared).toBe(true);
  });

  it('hide their history from a bot that is not in them', async () => {
    expect(await errorOf(client.conversations.history({ channel: 'C0ELSEWHERE' }))).toBe('not_in_channel');
    expect(await errorOf(client.conversations.history({ channel: 'C0SECRET' }))).toBe('channel_not_found');
  });

  it('page through long histories', async () => {
    for (let index = 0; index < 5; index += 1) await client.chat.postMessage({ channel: 'C0OPS', text: `m${index}` });
    const texts: (string | undefined)[] = [];
    for await (const page of client.paginate('conversations.history', { channel: 'C0OPS', limit: 2 })) {
      texts.push(...(page as unknown as { messages: { text?: string }[] }).messages.map(({ text }) => text));
    }
    expect(texts).toEqual(['m4', 'm3', 'm2', 'm1', 'm0']);
  });
});

describe('people', () => {
  it.each([
    ['U0GONE', { deleted: true }],
    ['U0GUEST', { is_restricted: true }],
    ['U0SINGLE', { is_ultra_restricted: true }],
    ['U0OTHER', { is_stranger: true, team_id: 'T0OTHER' }],
    ['U0ROBOT', { is_bot: true }],
  ])('show what %s is', async (user, flags) => {
    expect((await client.users.info({ user })).user).toMatchObject(flags);
  });

  it('are found by e-mail unless they have left', async () => {
    expect((await client.users.lookupByEmail({ email: 'u0ana@example.com' })).user?.id).toBe('U0ANA');
    expect(await errorOf(client.users.lookupByEmail({ email: 'u0gone@example.com' }))).toBe('users_not_found');
  });

  it('are members of groups only where the plan has groups', async () => {
    slack.setGroup('S0SEC', ['U0ANA', 'U0GUEST']);
    expect((await client.usergroups.users.list({ usergroup: 'S0SEC' })).users).toEqual(['U0ANA', 'U0GUEST']);
    expect(await errorOf(client.usergroups.users.list({ usergroup: 'S0NONE' }))).toBe('no_such_subteam');
    slack.setCapabilities({ userGroups: false });
    expect(await errorOf(client.usergroups.list())).toBe('plan_upgrade_required');
  });

  it('can be changed while the app runs', async () => {
    slack.setUser('U0ANA', { deleted: true });
    expect((await client.users.info({ user: 'U0ANA' })).user?.deleted).toBe(true);
  });
});

it.each([
  ['pins', () => client.pins.add({ channel: 'C0OPS', timestamp: '1.1' })],
  ['bookmarks', () => client.bookmarks.list({ channel_id: 'C0OPS' })],
  ['reactions', () => client.reactions.add({ channel: 'C0OPS', timestamp: '1.1', name: 'eyes' })],
  ['history', () => client.conversations.history({ channel: 'C0OPS' })],
  ['invite', () => client.conversations.invite({ channel: 'C0OPS', users: 'U0ANA' })],
] as const)('a workspace without %s answers missing_scope', async (capability, call) => {
  slack.setCapabilities({ [capability]: false });
  expect(await errorOf(call())).toBe('missing_scope');
});

it('an unknown method is refused and recorded', async () => {
  expect(await errorOf(client.apiCall('chat.shout'))).toBe('unknown_method');
  expect(rules()).toEqual(['unknown_method']);
});
