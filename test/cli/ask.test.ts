import { createServer, type IncomingMessage, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { parseLine } from '../../src/commands/grammar';
import { textOf } from '../../src/main/cli/ask';
import type { OperationState, OperationView } from '../../src/operation/view';
import { type } from './terminal';

interface Asked {
  readonly method?: string;
  readonly url?: string;
  readonly authorization?: string;
  readonly body?: Record<string, unknown>;
}

let server: Server;
let env: NodeJS.ProcessEnv;
let asked: Asked[];
/** Answers of the bot, one a call; the last one is repeated. */
let answers: { readonly status: number; readonly body: unknown }[];

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      asked.push({ method: request.method, url: request.url, authorization: request.headers.authorization, body });
      const answer = answers.length > 1 ? answers.shift()! : answers[0]!;
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  env = { SIGNALBOX_URL: `http://127.0.0.1:${port}/`, SIGNALBOX_TOKEN: 'secret-token' };
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown> | undefined> {
  let text = '';
  for await (const part of request) text += String(part);
  return text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>);
}

const id = 'deploy-checkout-production-k3m9x2p7qa';
const started = {
  status: 202,
  body: { kind: 'started', id, sentence: 'The deploy of checkout in production is taken on.' },
};
const view = (state: OperationState, more: Partial<OperationView> = {}) => ({
  status: 200,
  body: {
    format: 1,
    id,
    shortId: 'k3m9x2p7qa',
    kind: 'deploy',
    title: 'Deploy checkout v2.4.0 to production',
    requester: { kind: 'person', id: 'U0ANA', via: 'cli' },
    requesterVerified: true,
    state,
    since: '2026-11-24T10:00:00Z',
    requestedAt: '2026-11-24T10:00:00Z',
    why: [],
    ballots: [],
    gates: [],
    steps: [],
    moreSteps: 0,
    stepsDone: 0,
    irreversible: [],
    rollback: { ready: true },
    denials: [],
    ...more,
  } satisfies OperationView,
});
const deploy = ['deploy', 'checkout', 'v2.4.0', 'to', 'production'];

describe('the words of a shell become the text that Slack takes', () => {
  it.each([
    [['--reason', 'cart fix']],
    [['--reason=cart fix']],
    [['--reason', "it's 5 o'clock"]],
    [['--reason', 'say "hello" \\ world']],
    [['--reason', 'two\nlines']],
    [['--reason', '“curly”']],
    [['—reason', 'cart fix']],
  ])('%j', (more) => {
    const text = textOf('deploy', ['checkout', 'v2.4.0', 'to', 'production', ...more]);
    const parsed = parseLine({ text });
    const wanted = more.length === 2 ? more[1] : more[0]!.slice('--reason='.length);
    expect(parsed).toMatchObject({ ok: true, asked: { kind: 'deploy', reason: wanted } });
  });
});

describe('asking for an operation', () => {
  it('sends text, key and token, and prints the id', async () => {
    answers = [started];
    const { code, out } = await type([...deploy, '--reason', 'cart fix', '--key', 'k1'], { env });
    expect(code).toBe(0);
    expect(out).toContain(`Id: ${id}.`);
    expect(asked).toEqual([
      {
        method: 'POST',
        url: '/api/v1/commands',
        authorization: 'Bearer secret-token',
        body: { text: 'deploy checkout v2.4.0 to production --reason "cart fix"', key: 'k1' },
      },
    ]);
  });

  it('makes a key of its own for every request', async () => {
    answers = [started];
    await type(deploy, { env });
    await type(deploy, { env });
    expect(new Set(asked.map(({ body }) => body?.key)).size).toBe(2);
  });

  it.each([
    ['succeeded', 0],
    ['rolled_back', 1],
    ['denied', 1],
    ['rejected', 1],
    ['cancelled', 1],
    ['failed', 1],
  ] as const)('waits until it has %s and exits with %d', async (state, wanted) => {
    answers = [
      started,
      view('preparing'),
      view('waiting'),
      view('waiting'),
      view('running'),
      view(state, { note: 'So it ended.' }),
    ];
    const { code, out } = await type([...deploy, '--wait'], { env });
    expect(code).toBe(wanted);
    expect(out.split('\n').slice(2)).toEqual([
      'Preparing.',
      'Waiting.',
      'Running.',
      expect.stringMatching(/So it ended\.$/),
    ]);
  });

  it('goes on waiting while the bot is away, and while the operation is not yet known', async () => {
    const away = { status: 503, body: { error: { code: 'away', message: 'Temporal does not answer.' } } };
    const unknown = { status: 404, body: { error: { code: 'not_found', message: 'Unknown.' } } };
    answers = [started, unknown, away, away, view('running'), view('succeeded')];
    const { code, err } = await type([...deploy, '--wait'], { env });
    expect(code).toBe(0);
    expect(err).toBe('Temporal does not answer. The operation goes on; trying again.');
  });

  it('leaves the operation running at Ctrl-C and says so', async () => {
    answers = [started, view('running')];
    const interrupt = new AbortController();
    const { code, err } = await type([...deploy, '--wait'], {
      env,
      interrupt: interrupt.signal,
      onOut: (text) => text.startsWith('Running') && interrupt.abort(),
    });
    expect(code).toBe(130);
    expect(err).toMatch(/goes on\. Follow it with "signalbox show/);
    expect(asked.every(({ url }) => !url?.includes('acts'))).toBe(true);
  });

  it('says why it was denied once, however often the view does', async () => {
    const reason = 'Only leads may ask for that; ask one of them.';
    const sentence = `Policy does not allow this: ${reason}`;
    const denied = view('denied', {
      outcome: { kind: 'denied', sentence },
      note: `${sentence} The ledger does not have this outcome yet.`,
      denials: [reason],
    });
    answers = [started, denied];
    const { out } = await type([...deploy, '--wait'], { env });
    expect(out.split(reason)).toHaveLength(2);
  });

  it('prints one JSON document with --wait --json', async () => {
    answers = [started, view('running'), view('succeeded')];
    const { out } = await type([...deploy, '--wait', '--json'], { env });
    expect(JSON.parse(out)).toMatchObject({ id, state: 'succeeded', view: { state: 'succeeded' } });
  });

  it.each([
    [400, 2],
    [401, 78],
    [403, 1],
    [503, 1],
  ])('passes on the sentence of a %d and exits with %d', async (status, wanted) => {
    answers = [{ status, body: { error: { code: 'x', message: 'This is why.' } } }];
    expect(await type(deploy, { env })).toEqual({ code: wanted, out: '', err: 'This is why.' });
  });

  it('says so when something else answers at that address', async () => {
    answers = [{ status: 200, body: null }];
    server.removeAllListeners('request');
    server.on('request', (_, response) => void response.end('<html>'));
    const { code, err } = await type(deploy, { env });
    expect(code).toBe(1);
    expect(err).toMatch(/is not Signalbox/);
  });

  it('says so when nothing answers, and never shows the token', async () => {
    const { code, err } = await type(deploy, { env: { ...env, SIGNALBOX_URL: 'http://127.0.0.1:1' } });
    expect(code).toBe(1);
    expect(err).toMatch(/does not answer/);
    expect(err).not.toContain('secret-token');
  });

  it('needs an address and a token', async () => {
    const { code, err } = await type(deploy);
    expect(code).toBe(78);
    expect(err).toMatch(/SIGNALBOX_URL is not set[\s\S]*SIGNALBOX_TOKEN is not set/);
  });
});

describe('voting', () => {
  const digest = 'abcdef0123456789'.repeat(4);
  const ballot = {
    id: 'b1',
    digest,
    rule: 'usual',
    order: 'parallel' as const,
    seats: [{ team: 'leads', mention: [] }],
    expiresAt: '2026-11-25T10:00:00Z',
    takes: 'votes' as const,
    oneClick: false,
  };
  const counted = { status: 200, body: { kind: 'counted', sentence: 'Your vote is counted.' } };

  it('approves what was shown', async () => {
    answers = [view('waiting', { ballots: [ballot] }), counted];
    const { code, out } = await type(['vote', 'approve', 'k3m9x2p7qa', '--digest', digest.slice(0, 12)], { env });
    expect({ code, out }).toEqual({ code: 0, out: 'Your vote is counted.' });
    expect(asked[1]).toMatchObject({
      url: `/api/v1/operations/${id}/votes`,
      body: { ballot: 'b1', digest, decision: 'approve' },
    });
  });

  it('takes the code of an authenticator along where the approval asks for one', async () => {
    const waits = view('waiting', { ballots: [{ ...ballot, secondFactor: true }] });
    answers = [waits, waits, waits, counted];
    expect((await type(['show', id], { env })).out).toContain(
      'still needs leads, with a code from their authenticator.',
    );
    const words = ['vote', 'approve', id, '--digest', digest];
    expect(await type(words, { env })).toMatchObject({ code: 2, err: expect.stringMatching(/add --code/) });
    expect(asked).toHaveLength(2);
    expect(await type([...words, '--code', '012345'], { env })).toMatchObject({ code: 0 });
    expect(asked[3]).toMatchObject({ body: { decision: 'approve', code: '012345' } });
  });

  it.each([
    ['an approval that does not say of what', ['approve'], 2, /add --digest abcdef012345/],
    ['an approval of something else', ['approve', '--digest', 'ffffffffffff'], 1, /has changed since you looked/],
    ['an approval of a few characters', ['approve', '--digest', 'abc'], 1, /nothing was counted/],
    ['a rejection without a reason', ['reject'], 2, /needs a reason/],
  ])('refuses %s before it is sent', async (_, [decision, ...more], wanted, words) => {
    answers = [view('waiting', { ballots: [ballot] })];
    const { code, err } = await type(['vote', decision!, id, ...more], { env });
    expect(code).toBe(wanted);
    expect(err).toMatch(words);
    expect(asked).toHaveLength(1);
  });

  it('rejects what is approved and has not begun, and approves it no more', async () => {
    const filled = view('waiting', { ballots: [{ ...ballot, takes: 'rejections' }] });
    answers = [filled, counted, filled];
    expect(await type(['vote', 'reject', id, '--reason', 'not on a Friday'], { env })).toMatchObject({ code: 0 });
    expect(asked[1]).toMatchObject({ body: { ballot: 'b1', decision: 'reject', reason: 'not on a Friday' } });
    expect(await type(['vote', 'approve', id, '--digest', digest], { env })).toMatchObject({ code: 1 });
  });

  it('says when nothing waits for a vote', async () => {
    answers = [view('running')];
    expect(await type(['vote', 'reject', id, '--reason', 'no'], { env })).toMatchObject({ code: 1 });
  });
});

describe('overriding a soft rule', () => {
  const soft = (rule: string) => ({
    id: `o-${rule}`,
    digest: `digest of ${rule}`,
    purpose: 'override' as const,
    rule,
    order: 'parallel' as const,
    seats: [{ team: 'leads', mention: [] }],
    expiresAt: '2026-11-25T10:00:00Z',
    takes: 'votes' as const,
    oneClick: false,
  });
  const counted = { status: 200, body: { kind: 'counted', sentence: 'Your approval is counted for leads.' } };

  it('names the rule and says why', async () => {
    answers = [view('waiting', { ballots: [soft('office'), soft('quiet week')] }), counted];
    const typed = await type(['override', 'k3m9x2p7qa', 'quiet week', '--reason', 'nobody shops now'], { env });
    expect(typed).toMatchObject({ code: 0, out: 'Your approval is counted for leads.' });
    expect(asked).toHaveLength(2);
    expect(asked[1]).toMatchObject({
      url: `/api/v1/operations/${id}/votes`,
      body: { ballot: 'o-quiet week', digest: 'digest of quiet week', decision: 'approve', reason: 'nobody shops now' },
    });
  });

  it.each([
    ['without a reason', ['quiet week'], 2, /--reason/],
    ['with an empty one', ['quiet week', '--reason', ' '], 2, /needs a reason/],
    ['of a rule that holds nothing back', ['year end', '--reason', 'x'], 1, /what holds it back is "office"/],
  ])('refuses an override %s before it is sent', async (_, more, wanted, words) => {
    answers = [view('waiting', { ballots: [soft('office')] })];
    const { code, err } = await type(['override', id, ...more], { env });
    expect(code).toBe(wanted);
    expect(err).toMatch(words);
    expect(asked.filter(({ url }) => url?.endsWith('/votes'))).toEqual([]);
  });

  it('is no vote: vote leaves it alone, show says who may', async () => {
    const waits = view('waiting', { ballots: [soft('office')] });
    answers = [waits, waits];
    expect(await type(['vote', 'approve', id, '--digest', 'digest of office'], { env })).toMatchObject({ code: 1 });
    expect((await type(['show', id], { env })).out).toContain('leads may override "office" with a reason.');
  });
});

describe('closing a review', () => {
  const closes = {
    id: 'r1',
    digest: 'rd1',
    purpose: 'review' as const,
    rule: 'break_glass',
    order: 'parallel' as const,
    seats: [{ team: 'director', mention: [] }],
    expiresAt: '2036-11-25T10:00:00Z',
    takes: 'votes' as const,
    oneClick: false,
  };

  it('finds it by its operation, and says what was found', async () => {
    const counted = { status: 200, body: { kind: 'counted', sentence: 'Your approval is counted.' } };
    answers = [view('succeeded'), view('waiting', { ballots: [closes] }), counted];
    const { code } = await type(['review', 'k3m9x2p7qa', '--reason', 'a full disk'], { env });
    expect(code).toBe(0);
    expect(asked[1]).toMatchObject({ url: `/api/v1/operations/review%2F${id}` });
    expect(asked[2]).toMatchObject({
      url: `/api/v1/operations/review%2F${id}/votes`,
      body: { ballot: 'r1', digest: 'rd1', decision: 'approve', reason: 'a full disk' },
    });
  });

  it('wants to know what was found, and says when it is closed already', async () => {
    expect(await type(['review', id], { env })).toMatchObject({ code: 2, err: expect.stringMatching(/--reason/) });
    expect(await type(['review', id, '--reason', ' '], { env })).toMatchObject({ code: 2 });
    answers = [view('succeeded'), view('succeeded')];
    expect(await type(['review', id, '--reason', 'x'], { env })).toMatchObject({ code: 1 });
  });
});

describe('acts', () => {
  it('cancels by the full id', async () => {
    answers = [view('waiting'), { status: 200, body: { kind: 'counted', sentence: 'It is cancelled.' } }];
    expect(await type(['cancel', 'k3m9x2p7qa'], { env })).toEqual({ code: 0, out: 'It is cancelled.', err: '' });
    expect(asked[1]).toMatchObject({ url: `/api/v1/operations/${id}/acts`, body: { act: { kind: 'cancel' } } });
  });

  it('decides about the question that is named and no other', async () => {
    answers = [view('needs_hands'), { status: 200, body: { kind: 'counted', sentence: 'Recorded.' } }];
    expect(await type(['leave-it', id, '--reason', 'x', '--question', 'question-2'], { env })).toMatchObject({
      code: 0,
    });
    expect(asked[1]).toMatchObject({ body: { act: { kind: 'leave_it', reason: 'x', question: 'question-2' } } });
  });

  it('wants a reason where one is kept', async () => {
    answers = [view('needs_hands')];
    expect(await type(['leave-it', id], { env })).toMatchObject({ code: 2, err: expect.stringMatching(/--reason/) });
  });
});
