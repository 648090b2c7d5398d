import type { JsonObject } from '../../src/json';
import { openRunbooks, type RunbookAsked, type Runbooks } from '../helpers/run-runbook';
import { openTools } from '../steps/tools';
import { ArgoCd, argoToken } from './argo-cd';
import { GitHubActions, githubToken } from './ci';
import { exampleFiles } from './example-files';
import { Harbor, harborPassword } from './harbor';
import { EquinixMetal, equinixToken, GoDaddy, godaddyAuthorization, Zosmf, zosmfPassword } from './machines';
import { ServiceNow, servicenowPassword } from './tickets';
import type { Vendor } from './vendor';

/** Runbooks of the example company, with all their vendors beside each other: what counts is what the vendors have then. */
let runbooks: Runbooks;
let open: Vendor[] = [];

beforeAll(async () => {
  runbooks = await openRunbooks({
    tools: await openTools(),
    env: {
      ARGOCD_TOKEN: argoToken,
      HARBOR_PASSWORD: harborPassword,
      GITHUB_ACTIONS_TOKEN: githubToken,
      EQUINIX_TOKEN: equinixToken,
      GODADDY_AUTHORIZATION: godaddyAuthorization,
      ZOSMF_PASSWORD: zosmfPassword,
      SERVICENOW_PASSWORD: servicenowPassword,
    },
  });
});
afterEach(async () => {
  await Promise.all(open.map((vendor) => vendor.stop()));
  open = [];
});
afterAll(() => runbooks?.close());

async function started<Of extends { readonly server: Vendor }>(vendor: Of): Promise<Of> {
  await vendor.server.start();
  open.push(vendor.server);
  return vendor;
}

function example(
  file: string,
  actions: readonly string[],
  vendors: { readonly [connection: string]: { readonly server: Vendor } },
): Pick<RunbookAsked, 'files' | 'runbook' | 'connections' | 'pace'> {
  const names = Object.keys(vendors);
  return {
    files: exampleFiles(
      `runbooks/${file}.yaml`,
      ...actions.map((name) => `actions/${name}.yaml`),
      ...names.map((name) => `connections/${name}.yaml`),
    ),
    runbook: file.split('/').at(-1)!,
    connections: Object.fromEntries(names.map((name) => [name, { origin: vendors[name]!.server.origin }])),
    pace: 300,
  };
}

describe('ship: from a version to production', () => {
  const digest = `sha256:${'ab'.repeat(32)}`;
  let vendors: { harbor: Harbor; argocd: ArgoCd; github: GitHubActions };
  beforeEach(async () => {
    vendors = {
      harbor: await started(new Harbor()),
      argocd: await started(new ArgoCd()),
      github: await started(new GitHubActions()),
    };
    vendors.argocd.history.push({ id: 4, revision: 'v1' });
    vendors.harbor.tags.set('v2', digest);
    runbooks.world.notices.length = 0;
  });

  const ship = (): RunbookAsked => ({
    ...example('ship', ['harbor-scan', 'argocd-sync', 'github-workflow'], vendors),
    inputs: { app: 'shop', version: 'v2' },
  });

  it('builds, scans what was built, syncs, tests, promotes and tells', async () => {
    const ran = await runbooks.run(ship());
    expect(ran.result).toEqual({ kind: 'done', watch: 'ended' });
    const runs = [...vendors.github.runs].reverse();
    expect(runs.map(({ workflow, inputs }) => [workflow, inputs.version])).toEqual([
      ['ci', 'v2'],
      ['integration', 'v2'],
    ]);
    expect(vendors.harbor.scanned).toEqual(['apps', 'shop', digest]);
    const synced = vendors.argocd.server.asked.filter((request) => request.endsWith('/sync'));
    expect(synced.map((request) => request.split('/').at(-2))).toEqual(['shop-staging', 'shop-production']);
    expect(runbooks.world.notices.map(({ notice }) => notice)).toEqual([
      { kind: 'plain', text: 'shop v2 is in production.' },
    ]);
  });

  it('looks at no image of a build that failed, and says when a build has pushed none', async () => {
    vendors.harbor.tags.clear();
    expect((await runbooks.run(ship())).result).toMatchObject({
      reason: 'The build has ended, and Harbor has no image shop:v2; the build has to push it.',
    });
    vendors.github.ends = 'failure';
    const before = vendors.harbor.server.asked.length;
    expect((await runbooks.run(ship())).result).toMatchObject({ reason: expect.stringMatching(/^ci.yml ended as/) });
    expect(vendors.harbor.server.asked).toHaveLength(before);
    expect(vendors.argocd.syncs).toBe(0);
  });

  it('touches nothing when the image is not safe', async () => {
    vendors.harbor.severity = 'Critical';
    expect((await runbooks.run(ship())).result.kind).toBe('undone');
    expect(vendors.argocd.syncs).toBe(0);
  });

  it('takes staging back when its tests fail, and never reaches production', async () => {
    [vendors.github.ends, vendors.github.only] = ['failure', 'integration'];
    const ran = await runbooks.run(ship());
    expect(ran.result).toMatchObject({ kind: 'undone', reason: expect.stringContaining('ended as failure') });
    expect([vendors.argocd.syncs, vendors.argocd.rollbacks]).toEqual([1, 1]);
    expect(runbooks.world.notices).toEqual([]);
  });
});

describe('mainframe-change: a job in EBCDIC in its window, with a ticket around it and the CMDB after it', () => {
  const item = 'c'.repeat(32);
  const jcl = "//SBXRATES JOB (ACCT),'RATES [é]',CLASS=A\n//S1 EXEC PGM=IEFBR14";
  let vendors: { servicenow: ServiceNow; zosmf: Zosmf };
  beforeEach(async () => {
    vendors = { servicenow: await started(new ServiceNow()), zosmf: await started(new Zosmf()) };
    vendors.servicenow.items.set(`cmdb_ci_appl/${item}`, { name: 'rates', version: '2026.1' });
  });

  const change = (inputs: JsonObject = {}): RunbookAsked => {
    const actions = ['servicenow-ticket', 'servicenow-close', 'servicenow-cmdb'];
    const asked = example('mainframe-change', actions, vendors);
    const window = 'windows: { sunday-night: { days: mon-sun, from: "00:00", to: "24:00" } }';
    const policy = `version: 1\nchannels: { default: "#a", rollback: "#a" }\nenvironments: { staging: {} }\n${window}\n`;
    return {
      ...asked,
      files: { ...asked.files, 'policy.yaml': policy },
      inputs: { summary: 'New rates', jcl, item, version: '2026.2', ...inputs },
      pace: 1_000,
    };
  };
  const cmdb = () => vendors.servicenow.items.get(`cmdb_ci_appl/${item}`);
  const unsuccessful = { state: '3', close_code: 'unsuccessful', close_notes: expect.stringContaining('as it was') };

  it('submits the converted job once, updates the CMDB and closes the change with the return code', async () => {
    vendors.zosmf.server.losesAnswers = 1;
    vendors.servicenow.server.losesAnswers = 1;
    expect((await runbooks.run(change())).result.kind).toBe('done');
    expect(vendors.zosmf.jobs).toMatchObject([{ jcl }]);
    expect(cmdb()).toEqual({ name: 'rates', version: '2026.2' });
    expect(vendors.servicenow.tickets).toMatchObject([
      {
        table: 'change_request',
        state: '3',
        close_code: 'successful',
        close_notes: 'The job SBXRATES JOB01001 ended with CC 0000.',
        work_notes: '2 records wait for the batch window.',
      },
    ]);
  });

  it('says in the change that the job failed, and leaves the CMDB untouched', async () => {
    vendors.zosmf.retcode = 'ABEND S0C7';
    expect((await runbooks.run(change())).result).toMatchObject({ reason: expect.stringContaining('ABEND S0C7') });
    expect(vendors.servicenow.tickets).toMatchObject([unsuccessful]);
    const asked = vendors.servicenow.server.asked.filter((request) => request.includes('cmdb_ci'));
    expect([cmdb()!.version, asked]).toEqual(['2026.1', []]);
  });

  it('takes the version in the CMDB back when the change cannot be closed', async () => {
    vendors.servicenow.refusesCloseCode = 'successful';
    expect((await runbooks.run(change())).result.kind).toBe('undone');
    expect(vendors.servicenow.tickets).toMatchObject([unsuccessful]);
    expect(cmdb()!.version).toBe('2026.1');
  });

  it('opens nothing for a job that the code page cannot hold', async () => {
    await expect(runbooks.run(change({ jcl: '//SBXRATES JOB €' }))).rejects.toThrow(/U\+20AC/);
    expect([vendors.servicenow.tickets, vendors.zosmf.jobs]).toEqual([[], []]);
  });
});

describe('edge-server: a server and a name that points at it, or neither', () => {
  let vendors: { 'equinix-metal': EquinixMetal; godaddy: GoDaddy };
  beforeEach(async () => {
    vendors = { 'equinix-metal': await started(new EquinixMetal()), godaddy: await started(new GoDaddy()) };
  });

  const edge = (): RunbookAsked => ({
    ...example('provision/edge-server', ['equinix-device', 'godaddy-record'], vendors),
    inputs: { hostname: 'edge-1', project: '5a2d0f6e-8f0c-4b51-9d1e-3c1c0a4f7b11' },
  });

  it('creates the server and points the name at its address', async () => {
    const ran = await runbooks.run(edge());
    expect(ran.result.kind).toBe('done');
    expect(vendors['equinix-metal'].devices).toMatchObject([{ hostname: 'edge-1' }]);
    expect(vendors.godaddy.records.get('edge.example.com/A/edge-1')).toEqual([{ data: '192.0.2.9', ttl: 600 }]);
  });

  it('deletes the server when the name cannot be set', async () => {
    vendors.godaddy.server.refusals.push(
      { status: 200, body: [] },
      { status: 422, body: { message: 'the domain is locked' } },
    );
    expect((await runbooks.run(edge())).result).toMatchObject({ reason: expect.stringContaining('locked') });
    expect(vendors['equinix-metal'].devices).toEqual([]);
  });
});
