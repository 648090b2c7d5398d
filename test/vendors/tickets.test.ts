import type { JsonObject } from '../../src/json';
import { openRunbooks, type Runbooks } from '../helpers/run-runbook';
import { failing, oneAction, until } from './example-files';
import { Jira, jiraToken, PagerDuty, routingKey, ServiceNow, servicenowPassword } from './tickets';

let runbooks: Runbooks;

beforeAll(async () => {
  runbooks = await openRunbooks({
    env: { SERVICENOW_PASSWORD: servicenowPassword, JIRA_API_TOKEN: jiraToken, PAGERDUTY_ROUTING_KEY: routingKey },
  });
});
afterAll(() => runbooks?.close());

const busy = { status: 503, body: { message: 'try again later' } };

describe('ServiceNow', () => {
  let now: ServiceNow;
  beforeEach(async () => {
    now = new ServiceNow();
    await now.server.start();
  });
  afterEach(() => now.server.stop());

  const open = (inputs: JsonObject = {}, then: readonly JsonObject[] = []) =>
    oneAction({
      action: 'servicenow-ticket',
      connection: 'servicenow',
      origin: now.server.origin,
      inputs: { short_description: 'CPU over 90% in web', ...inputs },
      then,
    });
  const close = () =>
    oneAction({
      action: 'servicenow-close',
      connection: 'servicenow',
      origin: now.server.origin,
      inputs: { sys_id: '1'.padStart(32, '0'), close_notes: 'Scaled out.' },
    });

  it('opens a ticket and tells its number', async () => {
    const ran = await runbooks.run(open());
    expect(ran.outputs.act).toEqual({ sys_id: '1'.padStart(32, '0'), number: 'INC0010001' });
    expect(now.tickets).toMatchObject([{ short_description: 'CPU over 90% in web', table: 'incident' }]);
  });

  it('opens no second ticket when the answer gets lost, and none for another step', async () => {
    now.server.losesAnswers = 1;
    const ran = await runbooks.run(open());
    expect(ran.result.kind).toBe('done');
    expect(ran.outputs.act).toMatchObject({ number: 'INC0010001' });
    expect(now.tickets).toHaveLength(1);
  });

  it('tries again while the server is away, and gives up on what it refuses', async () => {
    now.server.refusals.push(busy, busy);
    expect((await runbooks.run(open())).result.kind).toBe('done');
    now.server.refusals.push({ status: 403, body: { error: { message: 'Operation Failed' } } });
    expect((await runbooks.run(open())).result).toMatchObject({
      kind: 'undone',
      reason: expect.stringContaining('403'),
    });
    expect(now.tickets).toHaveLength(1);
  });

  it('keeps the ticket when what comes after it fails', async () => {
    expect((await runbooks.run(open({}, [failing]))).result).toMatchObject({ kind: 'undone', undoneSteps: 0 });
    expect(now.tickets).toHaveLength(1);
  });

  it('closes a ticket, and once more when the answer gets lost', async () => {
    await runbooks.run(open());
    now.server.losesAnswers = 1;
    expect((await runbooks.run(close())).result.kind).toBe('done');
    expect(now.tickets).toMatchObject([{ state: '7', close_notes: 'Scaled out.' }]);
    expect(now.patches).toBe(2);
  });

  const item = 'c'.repeat(32);
  const setVersion = (inputs: JsonObject = {}, then: readonly JsonObject[] = []) =>
    oneAction({
      action: 'servicenow-cmdb',
      connection: 'servicenow',
      origin: now.server.origin,
      inputs: { table: 'cmdb_ci_appl', sys_id: item, field: 'version', value: 'v2', ...inputs },
      then,
    });

  it('sets a field of a configuration item, also when the answer gets lost, and puts it back', async () => {
    now.items.set(`cmdb_ci_appl/${item}`, { version: 'v1', name: 'rates' });
    now.server.losesAnswers = 1;
    const ran = await runbooks.run(setVersion());
    expect(ran.outputs.act).toEqual({ before: 'v1' });
    expect(now.items.get(`cmdb_ci_appl/${item}`)).toEqual({ version: 'v2', name: 'rates' });
    now.items.set(`cmdb_ci_appl/${item}`, { version: 'v1' });
    expect((await runbooks.run(setVersion({}, [failing]))).result).toMatchObject({ kind: 'undone', undoneSteps: 1 });
    expect([now.items.get(`cmdb_ci_appl/${item}`), now.patches]).toEqual([{ version: 'v1' }, 4]);
  });

  it('says that a configuration item, or a field of it, is not there', async () => {
    expect((await runbooks.run(setVersion())).result).toMatchObject({
      reason: expect.stringContaining('answered 404'),
    });
    now.items.set(`cmdb_ci_appl/${item}`, { version: 'v1' });
    expect((await runbooks.run(setVersion({ field: 'versoin' }))).result).toMatchObject({
      reason: expect.stringContaining('The table cmdb_ci_appl has no field versoin.'),
    });
    expect(now.patches).toBe(0);
  });

  it('says that there is no such ticket', async () => {
    expect((await runbooks.run(close())).result).toMatchObject({ reason: expect.stringContaining('answered 404') });
  });

  it('gives up on a server that does not answer, and is aborted while it waits', async () => {
    now.server.slowMs = 60_000;
    const asked = open();
    const quick = { ...asked, connections: { servicenow: { origin: now.server.origin, timeout: '100ms' } } };
    expect((await runbooks.run(quick)).result).toMatchObject({
      reason: expect.stringContaining('did not answer within 100ms'),
    });
    const running = await runbooks.start(asked);
    await until(() => running.steps.some(({ path }) => path === 'act/open'));
    await running.act({ kind: 'abort', by: 'U0LEE' });
    expect((await running.end()).result).toMatchObject({ abortedBy: 'U0LEE' });
    expect(now.tickets).toHaveLength(0);
  });
});

describe('Jira', () => {
  let jira: Jira;
  beforeEach(async () => {
    jira = new Jira();
    await jira.server.start();
  });
  afterEach(() => jira.server.stop());

  const asked = () =>
    oneAction({
      action: 'jira-issue',
      connection: 'jira',
      origin: jira.server.origin,
      inputs: { project: 'OPS', summary: 'Retrospective of v2', description: 'What went well?' },
    });

  it('creates an issue and tells its key', async () => {
    const ran = await runbooks.run(asked());
    expect(ran.outputs.act).toEqual({ key: 'OPS-1' });
    expect(jira.issues).toMatchObject([{ fields: { summary: 'Retrospective of v2', issuetype: { name: 'Task' } } }]);
  });

  it('creates no second one when the answer gets lost', async () => {
    jira.server.losesAnswers = 1;
    expect((await runbooks.run(asked())).result.kind).toBe('done');
    expect(jira.issues).toHaveLength(1);
  });

  it('fails with what Jira says', async () => {
    jira.server.refusals.push({ status: 200, body: { issues: [] } }, { status: 400, body: { message: 'no project' } });
    expect((await runbooks.run(asked())).result).toMatchObject({ reason: expect.stringContaining('400: no project') });
    expect(jira.issues).toHaveLength(0);
  });
});

describe('PagerDuty', () => {
  let pager: PagerDuty;
  beforeEach(async () => {
    pager = new PagerDuty();
    await pager.server.start();
  });
  afterEach(() => pager.server.stop());

  const asked = (inputs: JsonObject) =>
    oneAction({
      action: 'pagerduty-event',
      connection: 'pagerduty',
      origin: pager.server.origin,
      inputs: { dedup_key: 'cpu-web', summary: 'CPU over 90%', ...inputs },
    });

  it('opens an alert, acknowledges and resolves it', async () => {
    for (const action of ['trigger', 'acknowledge', 'resolve']) {
      expect((await runbooks.run(asked({ action }))).result.kind).toBe('done');
      expect([...pager.alerts]).toEqual([['cpu-web', action]]);
    }
  });

  it('joins the same alert when the answer gets lost', async () => {
    pager.server.losesAnswers = 1;
    expect((await runbooks.run(asked({}))).result.kind).toBe('done');
    expect([pager.alerts.size, pager.events]).toEqual([1, 2]);
  });

  it('never shows the routing key: neither in what it asks nor in what it is answered', async () => {
    pager.server.refusals.push({ status: 400, body: { message: `${routingKey} is invalid` } });
    const { result } = await runbooks.run(asked({ summary: '{{routing_key}}' }));
    expect(result).toMatchObject({ kind: 'undone', reason: expect.stringContaining('*** is invalid') });
    expect(JSON.stringify(result)).not.toContain(routingKey);
  });
});
