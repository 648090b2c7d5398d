import { ApplicationFailureCategory } from '@temporalio/common';
import { Endpoint, json, text } from './endpoint';
import { attemptOf, environmentOf, failureOf, type Attempt } from './attempt';

const api = new Endpoint();
beforeAll(() => api.start());
beforeEach(() => api.reset());
afterAll(() => api.stop());

describe('until', () => {
  const step = {
    id: 'ready',
    name: 'Ready',
    uses: 'http/request',
    with: { connection: 'api', path: '/x' },
    until: 'response.body.state == "ready"',
    every: '2s',
    for: '30s',
  };

  it('fails benignly with the time of the next look while it does not hold', async () => {
    api.reply = json(200, { state: 'building' });
    expect(await failureOf(api.origin, { step })).toMatchObject({
      type: 'NotYet',
      nonRetryable: false,
      category: ApplicationFailureCategory.BENIGN,
      nextRetryDelay: 2000,
    });
  });

  it('succeeds once it holds', async () => {
    api.reply = json(200, { state: 'ready' });
    expect((await attemptOf(api.origin, { step, attempt: 12, elapsedMs: 25_000 })).status).toBe('done');
  });

  it('looks a last time at the end of its time', async () => {
    api.reply = json(200, { state: 'building' });
    expect((await failureOf(api.origin, { step, elapsedMs: 29_500 })).nextRetryDelay).toBe(500);
  });

  it('fails for good, in plain words, when its time is over', async () => {
    api.reply = json(200, { state: 'building' });
    const failure = await failureOf(api.origin, { step, elapsedMs: 30_000 });
    expect(failure).toMatchObject({ type: 'StepFailed', nonRetryable: true });
    expect(failure.message).toContain('waited 30s');
  });

  it('puts up with errors on the way, but not beyond its time', async () => {
    api.reply = json(500, {});
    const failing = { step, attempt: 9, heartbeatDetails: { failures: 8, failingSinceMs: 1_799_999_990_000 } };
    expect(await failureOf(api.origin, { ...failing, elapsedMs: 10_000 })).toMatchObject({
      type: 'StepError',
      nextRetryDelay: 2000,
    });
    expect(await failureOf(api.origin, { ...failing, elapsedMs: 30_000 })).toMatchObject({ type: 'StepFailed' });
  });

  it('fails when its condition cannot be told', async () => {
    api.reply = json(200, {});
    expect(await failureOf(api.origin, { step })).toMatchObject({ type: 'StepFailed', nonRetryable: true });
  });
});

describe('monitor', () => {
  const monitoring = (metric: object = {}): Attempt => ({
    step: { id: 'm', uses: 'monitor', with: { criteria: { error_rate: '<0.1%' }, for: '8s' } },
    connection: { kind: 'exposition' },
    metrics: {
      error_rate: {
        connection: 'api',
        query: 'service_error_ratio{version="${{ operation.version }}"}',
        unit: 'ratio',
        ...metric,
      },
    },
  });
  const at = (value: string) =>
    text(
      `# TYPE x gauge\nservice_error_ratio{version="v1"} 1\nservice_error_ratio{service="c",version="v2"} ${value}\n`,
    );

  it('goes on as long as every criterion is met, and passes at the end', async () => {
    api.reply = at('0.0005');
    expect(await failureOf(api.origin, monitoring())).toMatchObject({ type: 'NotYet', nextRetryDelay: 500 });
    const result = await attemptOf(api.origin, { ...monitoring(), elapsedMs: 8000 });
    expect(result).toMatchObject({ status: 'done', summary: 'error_rate 0.05% for 8s' });
  });

  it('fails at the first value on the wrong side, with what was measured', async () => {
    api.reply = at('0.024');
    const failure = await failureOf(api.origin, { ...monitoring(), elapsedMs: 100 });
    expect(failure).toMatchObject({
      type: 'CriterionMissed',
      nonRetryable: true,
      details: [{ metric: 'error_rate', wanted: '<0.1%', measured: '2.4%' }],
    });
    expect(failure.message).toBe('error_rate has to be <0.1% and was 2.4%.');
  });

  test.each([
    ['no sample', 'other 1\n', 'no data'],
    ['a sample of another version only', 'service_error_ratio{version="v1"} 0\n', 'no data'],
    ['NaN', 'service_error_ratio{version="v2"} NaN\n', 'not a number'],
  ])('never passes with %s', async (_, exposition, measured) => {
    api.reply = text(exposition);
    expect(await failureOf(api.origin, { ...monitoring(), elapsedMs: 100 })).toMatchObject({ type: 'NotYet' });
    expect(await failureOf(api.origin, { ...monitoring(), elapsedMs: 8000 })).toMatchObject({
      type: 'CriterionMissed',
      details: [{ measured }],
    });
  });

  it('fails at once with an infinite value', async () => {
    api.reply = at('+Inf');
    expect(await failureOf(api.origin, monitoring())).toMatchObject({ type: 'CriterionMissed' });
  });

  it('takes an absent metric for what the policy says it means, and NaN still for nothing', async () => {
    api.reply = text('other 1\n');
    expect((await attemptOf(api.origin, { ...monitoring({ absent: 0 }), elapsedMs: 8000 })).status).toBe('done');
    api.reply = at('NaN');
    const failure = await failureOf(api.origin, { ...monitoring({ absent: 0 }), elapsedMs: 8000 });
    expect(failure.type).toBe('CriterionMissed');
  });

  it('never passes while the metrics are away', async () => {
    api.reply = json(503, {});
    const blind = {
      ...monitoring(),
      elapsedMs: 8000,
      heartbeatDetails: { failures: 5, failingSinceMs: 1_799_999_995_000 },
    };
    expect(await failureOf(api.origin, blind)).toMatchObject({ type: 'StepFailed', nonRetryable: true });
  });

  it('refuses a query that gives more than one value', async () => {
    api.reply = text('service_error_ratio{version="v2",i="1"} 0\nservice_error_ratio{version="v2",i="2"} 1\n');
    expect((await failureOf(api.origin, monitoring())).message).toContain('2 values');
  });

  it('inserts nothing into a query that could mean something there', async () => {
    const asked = monitoring({ query: 'service_error_ratio{version="${{ inputs.v }}"}' });
    const inputs = { v: 'v2"} or vector(0) #' };
    const step = { ...asked.step };
    expect((await failureOf(api.origin, { ...asked, step, inputs })).message).toContain('cannot be put into');
    expect(api.seen).toEqual([]);
  });

  test.each<[string, unknown, string]>([
    ['a value', { resultType: 'vector', result: [{ metric: {}, value: [1, '0.0005'] }] }, 'done'],
    ['a scalar', { resultType: 'scalar', result: [1, '0.0005'] }, 'done'],
    ['an empty answer', { resultType: 'vector', result: [] }, 'CriterionMissed'],
    ['NaN', { resultType: 'vector', result: [{ metric: {}, value: [1, 'NaN'] }] }, 'CriterionMissed'],
    ['two values', { resultType: 'vector', result: [{ value: [1, '0'] }, { value: [1, '0'] }] }, 'StepFailed'],
  ])('reads Prometheus: %s', async (_, data, outcome) => {
    api.reply = json(200, { status: 'success', data });
    const asked = {
      ...monitoring({ query: 'sum(rate(x[5m])) > 0' }),
      connection: { kind: 'prometheus' },
      elapsedMs: 8000,
    } as Attempt;
    const told = await attemptOf(api.origin, asked).then(
      (result) => result.status,
      (error: { type: string }) => error.type,
    );
    expect(told).toBe(outcome);
    expect(api.seen[0]!.url).toBe('/api/v1/query?query=sum%28rate%28x%5B5m%5D%29%29+%3E+0');
  });
});

describe('metric/read', () => {
  const reading = (metric: object = {}): Attempt => ({
    step: { id: 'm', uses: 'metric/read', with: { metric: 'left' }, outputs: { left: 'value' } },
    connection: { kind: 'exposition' },
    metrics: {
      left: { connection: 'api', query: 'left{version="${{ operation.version }}"}', unit: 'ratio', ...metric },
    },
  });

  test.each([
    ['left{version="v2"} 0.25\n', {}, { left: 0.25 }],
    ['other 1\n', { absent: 0 }, { left: 0 }],
  ])('tells %j with %j as %j', async (exposition, metric, outputs) => {
    api.reply = text(exposition);
    expect(await attemptOf(api.origin, reading(metric))).toMatchObject({ status: 'done', outputs });
  });

  test.each([
    ['no data', 'other 1\n', 'no data'],
    ['NaN', 'left{version="v2"} NaN\n', 'no number'],
    ['two values', 'left{version="v2",i="1"} 0\nleft{version="v2",i="2"} 1\n', '2 values'],
  ])('fails with %s', async (_, exposition, words) => {
    api.reply = text(exposition);
    const failure = await failureOf(api.origin, reading());
    expect(failure).toMatchObject({ type: 'StepFailed' });
    expect(failure.message).toContain(words);
  });

  it('inserts nothing into a query that could mean something there', async () => {
    const inputs = { v: 'v2"} or vector(0) #' };
    const hostile = { ...reading({ query: 'left{version="${{ inputs.v }}"}' }), inputs };
    expect((await failureOf(api.origin, hostile)).message).toContain('cannot be put into');
    expect(api.seen).toEqual([]);
  });

  it('ends with its time, and when it is cancelled', async () => {
    api.reply = () => undefined;
    const environment = environmentOf({});
    environment.on('heartbeat', () => setTimeout(() => environment.cancel('CANCELLED'), 50));
    await expect(attemptOf(api.origin, { ...reading(), environment })).rejects.toMatchObject({
      name: 'CancelledFailure',
    });
  });
});

describe('prometheus/check', () => {
  const check = (more: object): Attempt => ({
    step: {
      id: 'c',
      uses: 'prometheus/check',
      with: { connection: 'api', query: 'up', ...more },
      outputs: { up: 'value' },
    },
    connection: { kind: 'exposition' },
  });

  test.each([
    ['up 3\n', { is: '>2' }, 'done'],
    ['up 1\n', { is: '>2' }, 'StepFailed'],
    ['down 1\n', { is: '<2' }, 'StepFailed'],
    ['up NaN\n', {}, 'StepFailed'],
    ['down 1\n', { is: '<2', absent: 0 }, 'done'],
  ])('%j with %j ends as %s', async (exposition, more, outcome) => {
    api.reply = text(exposition);
    const told = await attemptOf(api.origin, check(more)).then(
      (result) => result.status,
      (error: { type: string }) => error.type,
    );
    expect(told).toBe(outcome);
  });
});

describe('expect and fail', () => {
  it('expect passes when its condition holds, and else fails with its sentence', async () => {
    const step = { id: 'e', uses: 'expect', with: { that: 'inputs.n > 1', else: 'Too few.' } };
    expect((await attemptOf(api.origin, { step, inputs: { n: 2 } })).status).toBe('done');
    expect(await failureOf(api.origin, { step, inputs: { n: 1 } })).toMatchObject({
      type: 'StepFailed',
      message: 'Too few.',
    });
  });

  it('fail fails with its message', async () => {
    const step = { id: 'f', uses: 'fail', with: { message: 'No ${{ inputs.what }}.' } };
    expect((await failureOf(api.origin, { step, inputs: { what: 'luck' } })).message).toBe('No luck.');
  });
});

describe('a long step', () => {
  it('says that it lives, and stops when it is cancelled', async () => {
    let closed = false;
    api.reply = (_, response) => void response.on('close', () => (closed = true));
    const environment = environmentOf({});
    const beats: unknown[] = [];
    environment.on('heartbeat', (details) => {
      beats.push(details);
      setTimeout(() => environment.cancel('CANCELLED'), 50);
    });
    const step = { id: 'x', uses: 'http/request', with: { connection: 'api', path: '/slow' } };
    await expect(attemptOf(api.origin, { step, environment })).rejects.toMatchObject({ name: 'CancelledFailure' });
    expect(beats.length).toBeGreaterThan(0);
    while (!closed) await new Promise((resolve) => setTimeout(resolve, 5));
  });
});
