import { stringify } from 'yaml';
import type { JsonObject } from '../../src/json';
import { openRunbooks, type RunbookAsked, type Runbooks } from '../helpers/run-runbook';
import { failing, until } from './example-files';
import { MailServer } from './mail-server';

let runbooks: Runbooks;

beforeAll(async () => {
  runbooks = await openRunbooks();
});
afterAll(() => runbooks?.close());

const asked = (steps: readonly JsonObject[], more: JsonObject = {}): RunbookAsked => ({
  files: { 'runbooks/work.yaml': stringify({ name: 'work', steps, ...more }) },
  runbook: 'work',
});

describe('telling people in Slack', () => {
  beforeEach(() => {
    runbooks.world.notices.length = 0;
  });

  const told = () => runbooks.world.notices.map(({ to, notice }) => [to, notice]);

  it('posts in a channel what the runbook says, and says where', async () => {
    const step = {
      id: 'say',
      uses: 'slack/message',
      with: { channel: '#deploys', text: 'web is ${{ inputs.what }}.' },
    };
    const ran = await runbooks.run({
      ...asked([step], { inputs: { what: { type: 'string' } } }),
      inputs: { what: 'out' },
    });
    expect(ran.result.kind).toBe('done');
    expect(told()).toEqual([
      [
        { kind: 'channel', channel: '#deploys' },
        { kind: 'plain', text: 'web is out.' },
      ],
    ]);
  });

  it('tells channels, persons and whoever asked, each under a key of its own', async () => {
    await runbooks.run(
      asked([{ id: 'say', uses: 'notify', with: { to: ['#ops', 'U0LEE', 'requester'], text: 'Hi.' } }]),
    );
    expect(new Set(told().map(([to]) => to))).toEqual(
      new Set([
        { kind: 'channel', channel: '#ops' },
        { kind: 'person', user: 'U0LEE' },
        { kind: 'person', user: 'U0ANA' },
      ]),
    );
    expect(new Set(runbooks.world.notices.map(({ key }) => key)).size).toBe(3);
  });

  it('gives each target of a list a key of its own, and is passed over where it is not wanted', async () => {
    const say = { id: 'say', uses: 'notify', with: { to: ['#ops'], text: '${{ name }} is done.' }, if: 'name != "b"' };
    await runbooks.run(asked([{ uses: 'foreach', with: { in: ['a', 'b', 'c'], as: 'name' }, steps: [say] }]));
    expect(told().map(([, notice]) => notice)).toEqual([
      { kind: 'plain', text: 'a is done.' },
      { kind: 'plain', text: 'c is done.' },
    ]);
    expect(new Set(runbooks.world.notices.map(({ key }) => key)).size).toBe(2);
  });

  it('tells the end also of what failed, and cannot be taken back', async () => {
    const last = [{ id: 'last', uses: 'notify', with: { to: ['#ops'], text: 'It is over.' } }];
    const ran = await runbooks.run(asked([failing], { finally: last }));
    expect(ran.result.kind).toBe('undone');
    expect(told()).toHaveLength(1);
  });

  it.each(['@everyone', '<!channel>', 'ops', '#ops evil', 'U0', ''])('refuses %j as somebody to tell', async (to) => {
    await expect(runbooks.run(asked([{ uses: 'notify', with: { to: [to], text: 'Hi.' } }]))).rejects.toThrow(/to\.0/);
  });
});

describe('sending e-mail', () => {
  let server: MailServer;
  beforeEach(async () => {
    server = new MailServer();
    await server.start();
  });
  afterEach(() => server.stop());

  const send = (more: JsonObject = {}, connection: JsonObject = {}, step: JsonObject = {}): RunbookAsked => {
    const work = asked([
      {
        id: 'mail',
        uses: 'email/send',
        with: { connection: 'mail', to: ['lee@example.com'], subject: 'v2 is out', text: 'It went well.', ...more },
        ...step,
      },
    ]);
    const mail = { name: 'mail', kind: 'smtp', host: '127.0.0.1', port: server.port, tls: 'off', ...connection };
    return {
      ...work,
      files: {
        ...work.files,
        'connections/mail.yaml': stringify({ connection: { from: 'signalbox@example.com', ...mail } }),
      },
    };
  };

  it('gives a mail to the server, with a Message-ID of its own', async () => {
    const ran = await runbooks.run(
      send({ cc: ['kim@example.com'], text: 'First.\n.\nLast.' }, {}, { outputs: { id: 'message_id' } }),
    );
    expect(ran.result).toEqual({ kind: 'done', watch: 'ended' });
    const [mail] = server.mails;
    expect(mail!.to).toEqual(['lee@example.com', 'kim@example.com']);
    expect(mail!.source).toContain('From: signalbox@example.com\n');
    expect(mail!.source).toContain('Subject: v2 is out\n');
    expect(mail!.source).toContain(`Message-ID: ${String(ran.outputs.mail!.id)}\n`);
    expect(ran.outputs.mail!.id).toMatch(/^<[0-9a-f]{32}@example\.com>$/);
    expect(mail!.source).toMatch(/First\.\n\.+\nLast\./);
  });

  it('never sends a second one: what became of a line that was cut is for people', async () => {
    server.cutsAfterData = true;
    const { result } = await runbooks.run(send());
    expect(result).toMatchObject({ kind: 'undone', reason: expect.stringContaining('never done twice') });
    expect([server.mails.length, server.connections]).toEqual([1, 1]);
  });

  it('says what the server said when it refuses, and that nothing was sent when it is busy', async () => {
    server.says.set('RCPT', '550 5.1.1 no such user');
    expect((await runbooks.run(send())).result).toMatchObject({ reason: expect.stringContaining('no such user') });
    server.says.set('RCPT', '451 4.3.0 try again later');
    const { result } = await runbooks.run(send());
    expect(result).toMatchObject({ reason: expect.stringContaining('try again later') });
    expect(result).not.toMatchObject({ reason: expect.stringContaining('never done twice') });
    expect(server.mails).toEqual([]);
  });

  it('goes no further in the clear when it is to be TLS', async () => {
    const { result } = await runbooks.run(send({}, { tls: 'starttls' }));
    expect(result.kind).toBe('undone');
    expect(server.mails).toEqual([]);
  });

  it('gives up on a server that says nothing, and is aborted while it waits', async () => {
    server.silentAt = 'MAIL';
    const { result } = await runbooks.run(send({}, {}, { timeout: '2s' }));
    expect(result).toMatchObject({ reason: expect.stringContaining('did not answer') });
    const running = await runbooks.start(send());
    await until(() => server.connections > 1);
    await running.act({ kind: 'abort', by: 'U0LEE' });
    expect((await running.end()).result).toMatchObject({ abortedBy: 'U0LEE' });
    expect(server.mails).toEqual([]);
  });

  it.each([
    ['subject', { subject: 'v2\r\nBcc: eve@example.com' }],
    ['to', { to: ['lee@example.com, eve@example.com'] }],
    ['to', { to: ['lee@example.com\r\nBcc: eve@example.com'] }],
    ['to', { to: ['Lee <lee@example.com>'] }],
    ['to', { to: [] }],
    ['cc', { cc: ['eve'] }],
  ])('refuses a %s that is more than it says: %j', async (key, more) => {
    await expect(runbooks.run(send(more))).rejects.toThrow(new RegExp(`with\\.${key}|"${key}`));
  });

  it('refuses the same when it comes from an input, before anything is sent', async () => {
    const work = send({ subject: '${{ inputs.what }}' });
    const text = work.files['runbooks/work.yaml']!.replace(
      'name: work\n',
      'name: work\ninputs: { what: { type: string } }\n',
    );
    const files = { ...work.files, 'runbooks/work.yaml': text };
    const { result } = await runbooks.run({ ...work, files, inputs: { what: 'v2\r\nBcc: eve@example.com' } });
    expect(result).toMatchObject({ kind: 'undone', reason: expect.stringContaining('has to be one line') });
    expect(server.connections).toBe(0);
  });

  it('refuses a password in the clear', async () => {
    const asks = send({}, { user: 'signalbox', password: { env: 'SMTP_PASSWORD' } });
    await expect(runbooks.run(asks)).rejects.toThrow(/everybody on the way reads the password/);
  });
});
