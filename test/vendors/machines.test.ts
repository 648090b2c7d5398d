import type { JsonObject } from '../../src/json';
import { openRunbooks, type Runbooks } from '../helpers/run-runbook';
import { failing, oneAction, until } from './example-files';
import {
  EquinixMetal,
  equinixToken,
  GoDaddy,
  godaddyAuthorization,
  Maas,
  maasKey,
  Zosmf,
  zosmfPassword,
} from './machines';

let runbooks: Runbooks;

beforeAll(async () => {
  runbooks = await openRunbooks({
    env: {
      ZOSMF_PASSWORD: zosmfPassword,
      MAAS_API_KEY: maasKey,
      EQUINIX_TOKEN: equinixToken,
      GODADDY_AUTHORIZATION: godaddyAuthorization,
    },
  });
});
afterAll(() => runbooks?.close());

const abort = { kind: 'abort', by: 'U0LEE' } as const;
const neverHeld = { kind: 'undone', reason: expect.stringContaining('it never held') as string };

describe('z/OSMF', () => {
  let zosmf: Zosmf;
  beforeEach(async () => {
    zosmf = new Zosmf();
    await zosmf.server.start();
  });
  afterEach(() => zosmf.server.stop());

  const jcl = "//SBXCONF JOB (ACCT),'SIGNALBOX',CLASS=A\n//STEP1 EXEC PGM=IEFBR14\n";
  const submit = (inputs: JsonObject = {}) =>
    oneAction({ action: 'zosmf-job', connection: 'zosmf', origin: zosmf.server.origin, inputs: { jcl, ...inputs } });

  it('submits a job, waits for its end and tells its return code', async () => {
    const ran = await runbooks.run({ ...submit(), pace: 1_000 });
    expect(ran.outputs.act).toEqual({ name: 'SBXCONF', id: 'JOB01001', retcode: 'CC 0000' });
    expect(zosmf.jobs).toMatchObject([{ jcl: jcl.trim() }]);
  });

  it('submits it once when the answer gets lost', async () => {
    zosmf.server.losesAnswers = 1;
    expect((await runbooks.run({ ...submit(), pace: 1_000 })).result.kind).toBe('done');
    expect(zosmf.jobs).toHaveLength(1);
  });

  it.each([
    ['CC 0008', undefined, 'undone'],
    ['ABEND S0C4', undefined, 'undone'],
    ['JCL ERROR', undefined, 'undone'],
    ['CC 0004', ['CC 0000', 'CC 0004'], 'done'],
  ])('judges the return code %s, accepting %j: %s', async (retcode, accept, kind) => {
    zosmf.retcode = retcode;
    const { result } = await runbooks.run({ ...submit(accept ? { accept } : {}), pace: 1_000 });
    expect(result.kind).toBe(kind);
    if (kind === 'undone') expect(result).toMatchObject({ reason: expect.stringContaining(`ended with ${retcode}`) });
  });

  it('refuses what is no job, fails when one never ends, and is aborted while it waits', async () => {
    expect((await runbooks.run(submit({ jcl: 'hello' }))).result).toMatchObject({
      reason: expect.stringContaining('the input is no job'),
    });
    zosmf.takes = 100_000;
    expect((await runbooks.run({ ...submit(), pace: 20_000 })).result).toMatchObject(neverHeld);
    const running = await runbooks.start({ ...submit(), pace: 300 });
    await until(() => (zosmf.jobs[1]?.looks ?? 0) > 1);
    await running.act(abort);
    expect((await running.end()).result).toMatchObject({ abortedBy: 'U0LEE' });
  });
});

describe('MAAS', () => {
  let maas: Maas;
  beforeEach(async () => {
    maas = new Maas();
    await maas.server.start();
  });
  afterEach(() => maas.server.stop());

  const deploy = (then: readonly JsonObject[] = []) => ({
    ...oneAction({
      action: 'maas-machine',
      connection: 'maas',
      origin: maas.server.origin,
      inputs: { system_id: 'abc123', distro_series: 'noble' },
      then,
    }),
    pace: 500,
  });

  it('deploys a machine over OAuth and tells where it is', async () => {
    const ran = await runbooks.run(deploy());
    expect(ran.outputs.act).toEqual({ hostname: 'node1.maas', addresses: ['192.0.2.7'] });
    expect([maas.status, maas.series]).toEqual(['Deployed', 'noble']);
  });

  it('deploys once when the answer gets lost', async () => {
    maas.server.losesAnswers = 1;
    expect((await runbooks.run(deploy())).result.kind).toBe('done');
    expect(maas.deploys).toBe(1);
  });

  it('releases a machine whose deployment failed, or when what comes after it fails', async () => {
    maas.ends = 'Failed deployment';
    expect((await runbooks.run(deploy())).result).toMatchObject({ reason: 'MAAS says: Failed deployment.' });
    expect([maas.status, maas.releases]).toEqual(['Ready', 1]);
    maas.ends = 'Deployed';
    expect((await runbooks.run(deploy([failing]))).result.kind).toBe('undone');
    expect([maas.status, maas.releases]).toEqual(['Ready', 2]);
  });

  it('neither takes nor releases a machine that somebody uses', async () => {
    maas.status = 'Deployed';
    const { result } = await runbooks.run(deploy());
    expect(result).toMatchObject({ reason: 'The machine abc123 is Deployed; release it, or take another.' });
    expect([maas.deploys, maas.releases]).toEqual([0, 0]);
  });

  it('gives a machine back that never gets deployed, and when it is aborted', async () => {
    maas.takes = 100_000;
    expect((await runbooks.run({ ...deploy(), pace: 2_000 })).result).toMatchObject(neverHeld);
    expect(maas.releases).toBe(1);
    const running = await runbooks.start({ ...deploy(), pace: 100 });
    await until(() => maas.status === 'Deploying');
    await running.act(abort);
    expect((await running.end()).result).toMatchObject({ abortedBy: 'U0LEE' });
    expect(maas.releases).toBe(2);
  });
});

describe('Equinix Metal', () => {
  let metal: EquinixMetal;
  beforeEach(async () => {
    metal = new EquinixMetal();
    await metal.server.start();
  });
  afterEach(() => metal.server.stop());

  const create = (then: readonly JsonObject[] = [], pace = 500) => ({
    ...oneAction({
      action: 'equinix-device',
      connection: 'equinix-metal',
      origin: metal.server.origin,
      inputs: { project: '5a2d0f6e-8f0c-4b51-9d1e-3c1c0a4f7b11', hostname: 'edge-1' },
      then,
    }),
    pace,
  });

  it('creates a server and tells its public address', async () => {
    const ran = await runbooks.run(create());
    expect(ran.outputs.act).toMatchObject({ address: '192.0.2.9' });
    expect(metal.devices).toMatchObject([{ hostname: 'edge-1' }]);
  });

  it('creates one when the answer gets lost', async () => {
    metal.server.losesAnswers = 1;
    expect((await runbooks.run(create())).result.kind).toBe('done');
    expect(metal.devices).toHaveLength(1);
  });

  it('deletes the server when it fails, when it never gets there, and when it is aborted', async () => {
    metal.ends = 'failed';
    expect((await runbooks.run(create())).result).toMatchObject({ reason: 'The server edge-1 is failed.' });
    metal.takes = 100_000;
    expect((await runbooks.run(create([], 2_000))).result).toMatchObject(neverHeld);
    const running = await runbooks.start(create([], 100));
    await until(() => metal.devices.length > 0);
    await running.act(abort);
    expect((await running.end()).result).toMatchObject({ abortedBy: 'U0LEE' });
    expect(metal.devices).toEqual([]);
  });

  it('deletes what was made when the answer got lost and nobody could look meanwhile', async () => {
    metal.server.losesAnswers = 1;
    expect((await runbooks.run(create([failing]))).result).toMatchObject({ kind: 'undone' });
    expect(metal.devices).toEqual([]);
  });
});

describe('GoDaddy', () => {
  let dns: GoDaddy;
  beforeEach(async () => {
    dns = new GoDaddy();
    await dns.server.start();
  });
  afterEach(() => dns.server.stop());

  const point = (then: readonly JsonObject[] = []) =>
    oneAction({
      action: 'godaddy-record',
      connection: 'godaddy',
      origin: dns.server.origin,
      inputs: { domain: 'example.com', name: 'www', data: '192.0.2.9' },
      then,
    });
  const www = 'example.com/A/www';

  it('adds a record, and takes it away when what comes after it fails', async () => {
    expect((await runbooks.run(point())).result.kind).toBe('done');
    expect(dns.records.get(www)).toEqual([{ data: '192.0.2.9', ttl: 600 }]);
    dns.records.clear();
    expect((await runbooks.run(point([failing]))).result).toMatchObject({ kind: 'undone' });
    expect(dns.records.has(www)).toBe(false);
  });

  it('changes a record, and puts back what was there when what comes after it fails', async () => {
    dns.records.set(www, [{ data: '198.51.100.1', ttl: 3600 }]);
    expect((await runbooks.run(point([failing]))).result.kind).toBe('undone');
    expect(dns.records.get(www)).toMatchObject([{ data: '198.51.100.1', ttl: 3600 }]);
  });

  it('does it once more when the answer gets lost', async () => {
    dns.server.losesAnswers = 1;
    expect((await runbooks.run(point())).result.kind).toBe('done');
    expect(dns.records.get(www)).toHaveLength(1);
  });

  it('fails with what GoDaddy says', async () => {
    dns.server.refusals.push({ status: 422, body: { message: 'the domain is locked' } });
    expect((await runbooks.run(point())).result).toMatchObject({
      reason: expect.stringContaining('the domain is locked'),
    });
  });
});
