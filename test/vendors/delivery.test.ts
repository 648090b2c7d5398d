import type { JsonObject } from '../../src/json';
import { openRunbooks, type Runbooks } from '../helpers/run-runbook';
import { ArgoCd, argoToken } from './argo-cd';
import { GitHubActions, githubToken, GitLab, gitlabToken } from './ci';
import { failing, oneAction, until } from './example-files';
import { Harbor, harborPassword } from './harbor';

let runbooks: Runbooks;

beforeAll(async () => {
  runbooks = await openRunbooks({
    env: {
      ARGOCD_TOKEN: argoToken,
      HARBOR_PASSWORD: harborPassword,
      GITHUB_ACTIONS_TOKEN: githubToken,
      GITLAB_TOKEN: gitlabToken,
    },
  });
});
afterAll(() => runbooks?.close());

const abort = { kind: 'abort', by: 'U0LEE', reason: 'enough' } as const;

describe('Argo CD', () => {
  let argo: ArgoCd;
  beforeEach(async () => {
    argo = new ArgoCd();
    argo.history.push({ id: 4, revision: 'v1' });
    await argo.server.start();
  });
  afterEach(() => argo.server.stop());

  const asked = (action: string, inputs: JsonObject = {}, then: readonly JsonObject[] = []) =>
    oneAction({
      action,
      connection: 'argocd',
      origin: argo.server.origin,
      inputs: { application: 'shop', ...inputs },
      then,
    });

  it('syncs to a revision, waits until it is healthy and tells the revision', async () => {
    const ran = await runbooks.run(asked('argocd-sync', { revision: 'v2' }));
    expect(ran.result).toEqual({ kind: 'done', watch: 'ended' });
    expect(ran.outputs.act).toEqual({ revision: 'v2' });
    expect(argo.revision).toBe('v2');
  });

  it('syncs once when the answer gets lost', async () => {
    argo.server.losesAnswers = 1;
    const ran = await runbooks.run(asked('argocd-sync', { revision: 'v2' }));
    expect(ran.result.kind).toBe('done');
    expect(argo.syncs).toBe(1);
  });

  it('says why a sync failed, and takes the application back', async () => {
    argo.ends = 'Failed';
    const running = await runbooks.start(asked('argocd-sync', { revision: 'v2' }));
    const { result } = await running.end();
    expect(result).toMatchObject({ kind: 'undone', reason: expect.stringContaining('one or more objects failed') });
    expect(argo.rollbacks).toBe(1);
  });

  it('takes the application back when what comes after it fails', async () => {
    const ran = await runbooks.run(asked('argocd-sync', { revision: 'v2' }, [failing]));
    expect(ran.result).toMatchObject({ kind: 'undone', undoneSteps: 1 });
    expect(argo.rollbacks).toBe(1);
  });

  it('gives up on an application that never gets healthy', async () => {
    argo.healthy = false;
    const ran = await runbooks.run({ ...asked('argocd-wait'), pace: 3_000 });
    expect(ran.result).toMatchObject({ kind: 'undone', reason: expect.stringContaining('it never held') });
  });

  it('is aborted while it waits, and takes the application back', async () => {
    argo.healthy = false;
    const running = await runbooks.start(asked('argocd-sync', { revision: 'v2' }));
    await until(() => argo.revision === 'v2');
    await running.act(abort);
    expect((await running.end()).result).toMatchObject({ kind: 'undone', abortedBy: 'U0LEE' });
    expect(argo.rollbacks).toBe(1);
  });

  it('rolls back to the deployment before, once even when the answer gets lost', async () => {
    argo.history.push({ id: 5, revision: 'v2' });
    argo.server.losesAnswers = 1;
    const ran = await runbooks.run(asked('argocd-rollback'));
    expect(ran.result.kind).toBe('done');
    expect(ran.outputs.act).toEqual({ revision: 'v1' });
    expect([argo.revision, argo.rollbacks]).toEqual(['v1', 1]);
  });

  it('says when there is nothing to go back to, and when Argo CD refuses', async () => {
    const ran = await runbooks.run(asked('argocd-rollback'));
    expect(ran.result).toMatchObject({ reason: 'shop has no such deployment to go back to.' });
    argo.history.push({ id: 5, revision: 'v2' });
    argo.autoSync = true;
    const refused = await runbooks.run(asked('argocd-rollback'));
    expect(refused.result).toMatchObject({ reason: expect.stringContaining('auto-sync is enabled') });
  });
});

describe('Harbor', () => {
  let harbor: Harbor;
  beforeEach(async () => {
    harbor = new Harbor();
    await harbor.server.start();
  });
  afterEach(() => harbor.server.stop());

  const digest = `sha256:${'ab'.repeat(32)}`;
  const scan = (inputs: JsonObject = {}, pace = 100) => ({
    ...oneAction({
      action: 'harbor-scan',
      connection: 'harbor',
      origin: harbor.server.origin,
      inputs: { project: 'shop', repository: 'web', digest, ...inputs },
    }),
    pace,
  });

  it.each([
    ['None', 'high', 'done'],
    ['Medium', 'high', 'done'],
    ['High', 'high', 'undone'],
    ['Critical', 'high', 'undone'],
    ['High', 'critical', 'done'],
    ['Medium', 'medium', 'undone'],
    ['Low', 'low', 'undone'],
    ['Unknown', 'critical', 'undone'],
  ])('judges a scan that found %s with the threshold %s: %s', async (severity, threshold, kind) => {
    harbor.severity = severity;
    expect((await runbooks.run(scan({ threshold }))).result.kind).toBe(kind);
  });

  it('names a repository with a slash as Harbor wants it', async () => {
    await runbooks.run(scan({ repository: 'team%2Fweb' }));
    expect(harbor.scanned).toEqual(['shop', 'team%2Fweb', digest]);
  });

  it('goes on with the scan that runs when the answer gets lost', async () => {
    harbor.server.losesAnswers = 1;
    expect((await runbooks.run(scan())).result.kind).toBe('done');
    expect(harbor.scans).toBe(1);
  });

  it('fails when the scan fails or never ends', async () => {
    harbor.ends = 'Error';
    expect((await runbooks.run(scan())).result).toMatchObject({ reason: expect.stringContaining('ended as Error') });
    harbor.takes = 100_000;
    expect((await runbooks.run(scan({}, 2_000))).result).toMatchObject({
      reason: expect.stringContaining('it never held'),
    });
  });

  it('is aborted while it waits', async () => {
    harbor.takes = 100_000;
    const running = await runbooks.start(scan({}, 50));
    await until(() => harbor.server.asked.length > 2);
    await running.act(abort);
    expect((await running.end()).result).toMatchObject({ abortedBy: 'U0LEE' });
  });
});

describe('GitHub Actions', () => {
  let github: GitHubActions;
  beforeEach(async () => {
    github = new GitHubActions();
    await github.server.start();
  });
  afterEach(() => github.server.stop());

  const asked = (then: readonly JsonObject[] = []) =>
    oneAction({
      action: 'github-workflow',
      connection: 'github',
      origin: github.server.origin,
      inputs: { owner: 'example', repository: 'shop', workflow: 'ci.yml', version: 'v2' },
      then,
    });

  it('starts a workflow, finds its run among others and waits for its end', async () => {
    github.runs.push({ id: 8_999_999_999, display_title: 'somebody else', inputs: {}, workflow: 'ci', looks: 0 });
    const ran = await runbooks.run(asked());
    expect(ran.result.kind).toBe('done');
    expect(ran.outputs.act).toEqual({ url: 'https://github.com/example/shop/actions/runs/9000000002' });
    expect(github.runs[0]!.inputs.version).toBe('v2');
  });

  it('starts it once when the answer gets lost', async () => {
    github.server.losesAnswers = 1;
    github.late = 0;
    expect((await runbooks.run(asked())).result.kind).toBe('done');
    expect(github.runs).toHaveLength(1);
  });

  it('fails with the run’s conclusion and where to look', async () => {
    github.ends = 'failure';
    expect((await runbooks.run(asked())).result).toMatchObject({
      kind: 'undone',
      reason: 'ci.yml ended as failure: https://github.com/example/shop/actions/runs/9000000001',
    });
  });

  it('cancels the run when it is aborted, and leaves one alone that has ended', async () => {
    github.takes = 100_000;
    const running = await runbooks.start(asked());
    await until(() => (github.runs[0]?.looks ?? 0) > 1);
    await running.act(abort);
    expect((await running.end()).result).toMatchObject({ kind: 'undone', abortedBy: 'U0LEE' });
    expect(github.cancels).toBe(1);
    github.takes = 1;
    expect((await runbooks.run(asked([failing]))).result).toMatchObject({ kind: 'undone' });
    expect(github.cancels).toBe(1);
  });

  it('fails when its run never appears', async () => {
    github.late = 100_000;
    expect((await runbooks.run({ ...asked(), pace: 600 })).result).toMatchObject({
      reason: expect.stringContaining('it never held'),
    });
  });
});

describe('GitLab', () => {
  let gitlab: GitLab;
  beforeEach(async () => {
    gitlab = new GitLab();
    await gitlab.server.start();
  });
  afterEach(() => gitlab.server.stop());

  const asked = () =>
    oneAction({
      action: 'gitlab-pipeline',
      connection: 'gitlab',
      origin: gitlab.server.origin,
      inputs: { project: 7, version: 'v2' },
    });

  it('runs a pipeline with its variable and waits for its end', async () => {
    const ran = await runbooks.run(asked());
    expect(ran.result.kind).toBe('done');
    expect(gitlab.pipelines).toMatchObject([{ variables: [{ key: 'VERSION', value: 'v2' }] }]);
  });

  it('never creates a second pipeline: an answer that got lost is for people', async () => {
    gitlab.server.losesAnswers = 1;
    const ran = await runbooks.run(asked());
    expect(ran.result).toMatchObject({ kind: 'undone', reason: expect.stringContaining('never done twice') });
    expect(gitlab.pipelines).toHaveLength(1);
  });

  it.each(['failed', 'canceled', 'skipped', 'manual'])('fails when the pipeline ends as %s', async (ends) => {
    gitlab.ends = ends;
    expect((await runbooks.run(asked())).result).toMatchObject({ reason: expect.stringContaining(`ended as ${ends}`) });
  });

  it('cancels the pipeline when it is aborted', async () => {
    gitlab.takes = 100_000;
    const running = await runbooks.start(asked());
    await until(() => (gitlab.pipelines[0]?.looks ?? 0) > 1);
    await running.act(abort);
    expect((await running.end()).result).toMatchObject({ abortedBy: 'U0LEE' });
    expect(gitlab.cancels).toBe(1);
  });

  it('fails when the pipeline never ends', async () => {
    gitlab.takes = 100_000;
    expect((await runbooks.run({ ...asked(), pace: 8_000 })).result).toMatchObject({
      reason: expect.stringContaining('it never held'),
    });
  });
});
