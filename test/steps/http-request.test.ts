import { cutOff, Endpoint, inTurn, json, text } from './endpoint';
import { attemptOf, failureOf, key } from './attempt';
import { openTools } from './tools';

const api = new Endpoint();
beforeAll(() => api.start());
beforeEach(() => api.reset());
afterAll(() => api.stop());

const get = (more: object = {}) => ({
  id: 'make',
  uses: 'http/request',
  with: { connection: 'api', path: '/things', ...more },
});
const post = {
  id: 'make',
  uses: 'http/request',
  with: { connection: 'api', method: 'POST', path: '/things', json: { a: 1 } },
};

describe('http/request', () => {
  it('gives the outputs that the step names, with their types', async () => {
    api.reply = json(201, { id: 7, tags: ['a'] });
    const step = {
      ...post,
      outputs: { id: 'response.body.id', tags: 'response.body.tags', status: 'response.status' },
    };
    expect(await attemptOf(api.origin, { step })).toMatchObject({
      status: 'done',
      outputs: { id: 7, tags: ['a'], status: 201 },
    });
    expect(api.seen).toMatchObject([{ method: 'POST', url: '/things', body: '{"a":1}' }]);
  });

  it('carries the same idempotency key in every attempt, and another one in its undo', async () => {
    const step = { ...post, repeat: 'safe', undo: { uses: 'http/request', with: { ...post.with, method: 'DELETE' } } };
    await attemptOf(api.origin, { step });
    await attemptOf(api.origin, { step, attempt: 2 });
    await attemptOf(api.origin, { step, input: { mode: 'undo', outputs: { make: {} } } });
    expect(api.seen.map((seen) => seen.headers['idempotency-key'])).toEqual([key, key, `${key}/undo`]);
  });

  it('encodes what a template inserts into a path', async () => {
    const step = get({ path: '/things/${{ inputs.name }}?of=${{ inputs.name }}' });
    await attemptOf(api.origin, { step, inputs: { name: 'a/b?c&d' } });
    expect(api.seen[0]!.url).toBe('/things/a%2Fb%3Fc%26d?of=a%2Fb%3Fc%26d');
  });

  it('sends forms and queries', async () => {
    await attemptOf(api.origin, { step: get({ method: 'POST', query: { q: 'x y' }, form: { a: 1, b: '&' } }) });
    expect(api.seen).toMatchObject([{ url: '/things?q=x+y', body: 'a=1&b=%26' }]);
  });

  it('sends the bytes of a file that a step has kept, as they are', async () => {
    const tools = await openTools();
    const bytes = Buffer.from([0x61, 0x61, 0xe2, 0x00, 0xff]);
    const file = { $file: { digest: await tools.blobs.put(bytes), bytes: bytes.length, name: 'encoded.bin' } };
    await attemptOf(api.origin, { step: get({ method: 'PUT', file: '${{ inputs.file }}' }), inputs: { file }, tools });
    expect(api.seen[0]!.headers['content-type']).toBe('application/octet-stream');
    expect(api.seen[0]!.bytes).toEqual(bytes);
  });

  it('takes a status that the step expects', async () => {
    api.reply = json(404, {});
    expect((await attemptOf(api.origin, { step: get({ status: [404] }) })).status).toBe('done');
  });

  test.each([400, 401, 404, 409, 422])('fails for good on %d, with the reason that was given', async (status) => {
    api.reply = json(status, { error: 'the thing is locked' });
    const failure = await failureOf(api.origin, { step: get() });
    expect(failure).toMatchObject({ type: 'StepFailed', nonRetryable: true });
    expect(failure.message).toContain(`${status}: the thing is locked`);
  });

  test.each([500, 502, 503, 429, 408])('may be tried again after %d', async (status) => {
    api.reply = json(status, {});
    expect(await failureOf(api.origin, { step: get() })).toMatchObject({ type: 'StepError', nonRetryable: false });
  });

  it('succeeds in a second attempt after a 500', async () => {
    api.reply = inTurn(json(500, {}), json(200, { id: 1 }));
    await failureOf(api.origin, { step: get() });
    expect((await attemptOf(api.origin, { step: get(), attempt: 2, heartbeatDetails: { failures: 1 } })).status).toBe(
      'done',
    );
  });

  it('gives up when its own attempts are used up', async () => {
    api.reply = json(500, {});
    const failure = await failureOf(api.origin, { step: get(), attempt: 3, heartbeatDetails: { failures: 2 } });
    expect(failure).toMatchObject({ type: 'StepFailed', nonRetryable: true });
    expect(failure.message).toContain('tried 3 times');
  });

  it('does not count attempts that ended with a dead runner', async () => {
    api.reply = json(500, {});
    expect(await failureOf(api.origin, { step: get(), attempt: 9 })).toMatchObject({ type: 'StepError' });
  });

  it('waits as long as the other side asks', async () => {
    api.reply = json(503, {}, { 'retry-after': '7' });
    expect((await failureOf(api.origin, { step: get() })).nextRetryDelay).toBe(7000);
  });

  it('gives up waiting after the time limit of the connection', async () => {
    api.reply = () => undefined;
    const failure = await failureOf(api.origin, { step: get(), connection: { timeout: '150ms' } });
    expect(failure).toMatchObject({ type: 'StepError', message: expect.stringContaining('within 150ms') });
  });

  it('bounds an answer that never ends', async () => {
    api.reply = (_, response) => void response.writeHead(200).write('{');
    const failure = await failureOf(api.origin, { step: get(), connection: { timeout: '150ms' } });
    expect(failure.message).toContain('within 150ms');
  });

  it('says that what is never repeated may have been done all the same', async () => {
    api.reply = cutOff;
    const failure = await failureOf(api.origin, { step: post });
    expect(failure).toMatchObject({ nonRetryable: true, message: expect.stringContaining('may have been done') });
  });

  it('says no such thing when nothing was sent', async () => {
    const gone = new Endpoint();
    await gone.start();
    const { origin } = gone;
    await gone.stop();
    const failure = await failureOf(origin, { step: post });
    expect(failure.message).toContain('nobody listens there');
    expect(failure.message).not.toContain('may have been done');
  });

  it('follows no redirect', async () => {
    const other = new Endpoint();
    await other.start();
    api.reply = (_, response) => response.writeHead(302, { location: `${other.origin}/metadata` }).end();
    const failure = await failureOf(api.origin, { step: get() });
    expect(failure).toMatchObject({ type: 'StepFailed', message: expect.stringContaining('redirect') });
    expect(other.seen).toEqual([]);
    await other.stop();
  });

  it('goes through no proxy that the environment names', async () => {
    const proxy = new Endpoint();
    await proxy.start();
    const before = process.env.HTTP_PROXY;
    process.env.HTTP_PROXY = proxy.origin;
    await attemptOf(api.origin, { step: get() });
    if (before === undefined) delete process.env.HTTP_PROXY;
    else process.env.HTTP_PROXY = before;
    expect([proxy.seen.length, api.seen.length]).toEqual([0, 1]);
    await proxy.stop();
  });

  it('refuses an answer of more than 1 MiB', async () => {
    api.reply = text('x'.repeat(1024 * 1024 + 1));
    expect((await failureOf(api.origin, { step: get() })).message).toContain('more than 1 MiB');
  });

  it('refuses JSON that is none', async () => {
    api.reply = (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('<html>');
    expect(await failureOf(api.origin, { step: get() })).toMatchObject({ type: 'StepError' });
  });

  it('keeps outputs of more than 8 KiB under their hash', async () => {
    api.reply = json(200, { all: 'x'.repeat(9000), few: 'y' });
    const step = { ...get(), outputs: { all: 'response.body.all', few: 'response.body.few' } };
    const { outputs } = await attemptOf(api.origin, { step });
    expect(outputs).toEqual({ all: { $kept: expect.stringMatching(/^[0-9a-f]{64}$/) }, few: 'y' });
  });

  it('takes no reference to a kept output from outside', async () => {
    api.reply = json(200, { all: { $kept: 'a'.repeat(64) } });
    const failure = await failureOf(api.origin, { step: { ...get(), outputs: { all: 'response.body.all' } } });
    expect(failure).toMatchObject({ type: 'StepFailed', message: expect.stringContaining('$kept') });
  });

  it('fails with its own sentence when an expectation does not hold', async () => {
    api.reply = json(200, { state: 'failed' });
    const step = { ...get(), expect: 'response.body.state == "ready"', else: 'It is ${{ response.body.state }}.' };
    expect(await failureOf(api.origin, { step })).toMatchObject({ type: 'StepFailed', message: 'It is failed.' });
  });

  it('is skipped without a request when its condition does not hold', async () => {
    expect((await attemptOf(api.origin, { step: { ...get(), if: 'inputs.go' }, inputs: { go: false } })).status).toBe(
      'skipped',
    );
    expect(api.seen).toEqual([]);
  });

  it('fails when a template has no value', async () => {
    const failure = await failureOf(api.origin, { step: get({ path: '/${{ inputs.gone }}' }) });
    expect(failure).toMatchObject({ type: 'StepFailed', nonRetryable: true });
    expect(api.seen).toEqual([]);
  });

  it('checks again what a template gave', async () => {
    const failure = await failureOf(api.origin, { step: get({ status: '${{ inputs.s }}' }), inputs: { s: 'x' } });
    expect(failure.message).toContain('status');
  });
});

describe('a connection', () => {
  test.each([
    ['/other'],
    ['/thingsx'],
    ['/things/../other'],
    ['/things/%2e%2e/other'],
    ['/things/%252e%252e/other'],
    ['/things/..%2fother'],
    ['/things/..;/other'],
    ['/things\\..\\other'],
    ['/things/%5c..%5cother'],
    ['//evil.example/things'],
    ['/things#x'],
    ['/things/\u0000'],
    ['/things/%00'],
    ['/things /x'],
    ['/%74hings'],
    ['/thíngs'],
    ['/things/%zz'],
  ])('lets nothing escape its prefixes: %j', async (path) => {
    const failure = await failureOf(api.origin, { step: get({ path }), connection: { path_prefixes: ['/things'] } });
    expect(failure).toMatchObject({ type: 'StepFailed', nonRetryable: true });
    expect(api.seen).toEqual([]);
  });

  it('refuses a value that climbs', async () => {
    const step = get({ path: '/things/${{ inputs.name }}/x' });
    expect((await failureOf(api.origin, { step, inputs: { name: '..' } })).message).toContain('climbs');
  });

  test.each(['/things', '/things/', '/things/a%2Fb', '/things?x=../y'])(
    'lets %s pass below its prefix',
    async (path) => {
      await attemptOf(api.origin, { step: get({ path }), connection: { path_prefixes: ['/things'] } });
      expect(api.seen).toHaveLength(1);
    },
  );

  it('refuses a method that it does not list', async () => {
    const failure = await failureOf(api.origin, { step: post, connection: { methods: ['GET'] } });
    expect(failure.message).toContain('does not allow POST');
    expect(api.seen).toEqual([]);
  });

  test.each(['Host', 'content-length', 'Transfer-Encoding', 'x-team', 'Authorization', 'Idempotency-Key'])(
    'lets no step set the header %s',
    async (name) => {
      const connection = { headers: { 'X-Team': 'ops' }, auth: { bearer: { env: 'API_TOKEN' } } };
      const step = { ...post, with: { ...post.with, headers: { [name]: 'x' } } };
      const failure = await failureOf(api.origin, { step, connection, env: { API_TOKEN: 'long-enough-token' } });
      expect(failure).toMatchObject({ type: 'StepFailed', message: expect.stringContaining('may not set') });
      expect(api.seen).toEqual([]);
    },
  );

  it('is used only when the plan has it', async () => {
    const failure = await failureOf(api.origin, { step: get({ connection: 'other' }) });
    expect(failure.message).toContain('not a part of what was approved');
  });
});
