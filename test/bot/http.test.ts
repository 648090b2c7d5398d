import { alertToken, eventually, machineToken, openBotWorld, personToken, type BotWorld } from './support/bot-world';

let world: BotWorld;
beforeAll(async () => {
  const refused = { commit: 'd00d', because: 'untrusted', why: 'it is not signed' };
  const health = { commit: 'c0ffee', fetchedAt: new Date().toISOString(), unreachable: false, refused };
  world = await openBotWorld({ mode: 'http', redis: true, deps: { policyHealth: () => health } });
  await world.startWorker();
});
afterAll(() => world?.close());

describe("Slack's requests in HTTP mode", () => {
  const ask = (version: string) =>
    world.slack.command({
      user: 'U0ANN',
      channel: 'C0DEPLOYS',
      command: '/deploy',
      text: `checkout ${version} to staging`,
    });

  it('are taken once: the same signed request again is refused', async () => {
    const result = await ask('v1');
    expect(result.acked).toBe(true);
    expect((await world.slack.http.replay()).status).toBe(401);
  });

  it('are refused when their time is ahead by more than a minute, or their signature is wrong', async () => {
    const now = Math.floor(Date.now() / 1_000);
    const body = 'command=%2Fsignalbox&text=help&trigger_id=1&user_id=U0ANN&team_id=T1&channel_id=C0DEPLOYS';
    const contentType = 'application/x-www-form-urlencoded';
    const status = async (more: object) => (await world.slack.http.send({ body, contentType, ...more })).status;
    expect(await status({ timestamp: now + 120 })).toBe(401);
    expect(await status({ timestamp: now - 400 })).toBe(401);
    expect(await status({ secret: 'another-secret' })).toBe(401);
    expect(await status({ timestamp: now + 20 })).toBe(200);
  });

  it.each(['null', '[]', '"x"', '7', '', 'payload=null', 'payload=%5B%5D', 'payload='])(
    'are refused quietly when they are signed but their body is %s',
    async (body) => {
      const contained: unknown[] = [];
      const contain = (error: unknown) => contained.push(error);
      process.on('unhandledRejection', contain);
      const contentType = body.startsWith('payload') ? 'application/x-www-form-urlencoded' : 'application/json';

      const { status } = await world.slack.http.send({ body, contentType });

      expect(status).toBe(400);
      expect(contained).toEqual([]);
      process.off('unhandledRejection', contain);
    },
  );

  it('are refused when their body is larger than Slack sends', async () => {
    const { status } = await world.slack.http.send({ body: `{"a":"${'x'.repeat(5 * 1024 * 1024)}"}` });

    expect(status).toBe(400);
  });
});

interface Answered {
  readonly status: number;
  readonly body: Record<string, unknown> & { error?: { code: string; message: string } };
}

async function call(
  method: string,
  path: string,
  given: { token?: string; body?: unknown; raw?: string } = {},
): Promise<Answered> {
  const response = await fetch(`${world.bot.url}${path}`, {
    method,
    headers: given.token === undefined ? {} : { authorization: `Bearer ${given.token}` },
    body: given.raw ?? (given.body === undefined ? undefined : JSON.stringify(given.body)),
  });
  return { status: response.status, body: (await response.json()) as Answered['body'] };
}
const commands = (token: string, text: string, key: string) =>
  call('POST', '/api/v1/commands', { token, body: { text, key } });

describe('the API', () => {
  it('turns away whoever has no token, or a wrong one', async () => {
    expect((await call('GET', '/api/v1/operations')).status).toBe(401);
    const wrong = await call('POST', '/api/v1/commands', {
      token: 'guess',
      body: { text: 'deploy a b to c', key: '1' },
    });
    expect(wrong).toMatchObject({ status: 401, body: { error: { code: 'unauthorized' } } });
  });

  it("starts a command as the token's person, once a key", async () => {
    const first = await commands(personToken, 'deploy checkout v9 to staging --reason "from here"', 'run-1');
    expect(first).toMatchObject({
      status: 202,
      body: { kind: 'started', id: expect.stringContaining('deploy-checkout-staging-') },
    });
    const again = await commands(personToken, 'deploy checkout v9 to staging --reason "from here"', 'run-1');
    expect(again.body.id).toBe(first.body.id);
    const request = await eventually(async () => (await world.started()).find((each) => each.version === 'v9'));
    expect(request.requester).toEqual({ kind: 'person', id: 'U0ANN', via: 'cli' });
    const shown = await call('GET', `/api/v1/operations/${String(first.body.id)}`, { token: personToken });
    expect(shown).toMatchObject({ status: 200, body: { service: 'checkout', state: 'waiting', moreSteps: 0 } });
    expect(shown.body.steps).toHaveLength(30);
  });

  it('gives the same key of two callers two operations, and a machine only what its token may', async () => {
    const person = await commands(personToken, 'deploy payments v9 to staging', 'same-key');
    const machine = await commands(machineToken, 'deploy payments v9 to staging', 'same-key');
    expect(machine.status).toBe(202);
    expect(machine.body.id).not.toBe(person.body.id);
    expect(await commands(machineToken, 'rollback payments in staging', 'x')).toMatchObject({ status: 403 });
  });

  it('lets people vote and no machine; what a machine may stop is for the workflow to say', async () => {
    const { body } = await commands(personToken, 'deploy checkout v10 to staging', 'run-2');
    const path = `/api/v1/operations/${String(body.id)}`;
    const vote = { ballot: 'ballot-1', digest: 'd'.repeat(64), decision: 'approve', key: 'v' };
    expect(await call('POST', `${path}/votes`, { token: machineToken, body: vote })).toMatchObject({ status: 403 });
    const own = await call('POST', `${path}/votes`, { token: personToken, body: vote });
    expect(own).toMatchObject({ status: 409, body: { error: { message: expect.stringContaining('four eyes') } } });
    const act = { act: { kind: 'cancel' }, key: 'a' };
    const resync = { act: { kind: 'resync' }, key: 'r' };
    expect(await call('POST', `${path}/acts`, { token: machineToken, body: resync })).toMatchObject({ status: 200 });
    const answer = { act: { kind: 'leave_it', reason: 'rebuilt', question: 'question-2' }, key: 'l' };
    expect(await call('POST', `${path}/acts`, { token: personToken, body: answer })).toMatchObject({ status: 200 });
    const [relayed, answered] = await world.arrived(String(body.id));
    expect(relayed?.relayed.body).toMatchObject({ by: 'ci', byKind: 'machine' });
    expect(answered?.relayed.body).toMatchObject({ act: answer.act });
    expect(await call('POST', `${path}/acts`, { token: personToken, body: act })).toMatchObject({ status: 200 });
  });

  it('says in JSON what is wrong with a request', async () => {
    const token = personToken;
    expect(await commands(token, 'deploy chekout v1 to staging', 'k')).toMatchObject({
      status: 400,
      body: { error: { code: 'bad_request', message: expect.stringContaining('Did you mean: checkout') } },
    });
    expect(await call('POST', '/api/v1/commands', { token, raw: '{' })).toMatchObject({ status: 400 });
    expect(await call('POST', '/api/v1/commands', { token, body: { text: 'x', key: 'k', by: 'U0BOB' } })).toMatchObject(
      {
        status: 400,
      },
    );
    expect(await call('POST', '/api/v1/commands', { token, raw: 'x'.repeat(300_000) })).toMatchObject({ status: 413 });
    expect(await call('GET', '/api/v1/operations/deploy-none-0000000000', { token })).toMatchObject({ status: 404 });
    expect(await call('DELETE', '/api/v1/operations', { token })).toMatchObject({ status: 405 });
    expect(await call('GET', '/api/v1/%ZZ', { token })).toMatchObject({ status: 404 });
  });

  it('tells how it is', async () => {
    expect(await call('GET', '/healthz')).toMatchObject({ status: 200 });
    expect(await call('GET', '/readyz')).toMatchObject({ status: 200, body: { ready: true } });
    expect(await call('GET', '/readyz')).toMatchObject({
      body: { policy: { commit: 'c0ffee', ageSeconds: expect.any(Number) } },
    });
    const metrics = await (await fetch(`${world.bot.url}/metrics`)).text();
    expect(metrics).toMatch(/signalbox_policy_age_seconds \d+/);
    expect(metrics).toMatch(/signalbox_policy_refused\{because="untrusted"\} 1/);
    expect(metrics).toMatch(/signalbox_handed_over_total\{what="operation",outcome="started"\} \d+/);
  });
});

describe('alerts', () => {
  const alertmanager = (more: object = {}) => ({
    version: '4',
    groupKey: '{}:{alertname="HighCpu"}',
    receiver: 'signalbox',
    status: 'firing',
    alerts: [
      {
        status: 'firing',
        labels: { alertname: 'HighCpu', instance: 'web-1' },
        annotations: { summary: 'busy' },
        startsAt: '2027-01-04T05:00:00.000Z',
        endsAt: '0001-01-01T00:00:00Z',
        generatorURL: 'http://prometheus.example/graph',
        fingerprint: 'c0ffee',
      },
    ],
    ...more,
  });

  it('that fire are signed and in Temporal before they are acknowledged', async () => {
    const answer = await call('POST', '/api/v1/alerts', { token: alertToken, body: alertmanager() });
    expect(answer).toEqual({ status: 202, body: { kind: 'taken', firing: 1 } });
    const { events } = await world.temporal.client.workflow.getHandle('firings').fetchHistory();
    const signal = events?.find(({ workflowExecutionSignaledEventAttributes: given }) => given);
    expect(signal?.workflowExecutionSignaledEventAttributes?.signalName).toBe('alerted');
  });

  it.each<[string, string | undefined, object, number]>([
    ['without a token', undefined, alertmanager(), 401],
    ['with the token of a person', personToken, alertmanager(), 403],
    ['with the token of a machine that may only deploy', machineToken, alertmanager(), 403],
    ['of another version', alertToken, alertmanager({ version: '3' }), 400],
    ['that are no list', alertToken, alertmanager({ alerts: 'HighCpu' }), 400],
  ])('%s are refused', async (_name, token, body, status) => {
    expect((await call('POST', '/api/v1/alerts', { ...(token && { token }), body })).status).toBe(status);
  });
});

describe('webhooks', () => {
  const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);
  const post = (body: unknown, token: string | undefined = alertToken, runbook = 'drain') =>
    call('POST', `/api/v1/webhooks/${runbook}`, { ...(token && { token }), body });

  it('are signed and in Temporal before they are acknowledged', async () => {
    expect(await post({ status: 'passed' })).toEqual({ status: 202, body: { kind: 'taken' } });
    const { events } = await world.temporal.client.workflow.getHandle('firings').fetchHistory();
    const names = events?.map((event) => event.workflowExecutionSignaledEventAttributes?.signalName);
    expect(names).toContain('hooked');
  });

  it.each<[string, () => ReturnType<typeof post>, number]>([
    ['without a token', () => post({}, ''), 401],
    ['with the token of a person', () => post({}, personToken), 403],
    ['with the token of a machine that may only deploy', () => post({}, machineToken), 403],
    ['of a runbook that is not there', () => post({}, alertToken, 'nobody'), 404],
    ['that are too large', () => post({ text: 'x'.repeat(70_000) }), 413],
    ['that are too deep', () => post(deep(40)), 413],
  ])('%s are refused', async (_name, asked, status) => {
    expect((await asked()).status).toBe(status);
  });
});
