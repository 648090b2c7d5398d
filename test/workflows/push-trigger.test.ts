import { statusOf } from '../../bot/looks';
import { relay } from '../../src/operation/relay';
import type { OperationView } from '../../src/operation/view';
import { pushWatchId, SEARCH_ATTRIBUTES, VOTE_UPDATE, WORKER_QUEUE } from '../../workflows/contract';
import { makeRepository, type TestRepository } from '../helpers/git-repository';
import { testTimings } from '../helpers/operation-world';
import { relayKey } from '../helpers/policy-parts';
import { openTriggerWorld, type TriggerWorld } from '../helpers/trigger-world';

jest.setTimeout(180_000);

let at: TriggerWorld;
let code: TestRepository;

const runbook = (rule: string): { readonly [path: string]: string } => ({
  'runbooks/ship.yaml': `name: ship
on:
  push: { every: 1s, owner: platform, inputs: { branch: '\${{ event.branch }}', commit: '\${{ event.commit }}' }, ${rule} }
inputs:
  branch: { type: string, pattern: '[a-z0-9/-]+' }
  commit: { type: string, pattern: '[0-9a-f]+' }
steps:
  - { uses: expect, with: { that: 'true' } }
`,
});
const ofCode = (more = '') => runbook(`repository: shop-code, branches: [main, 'release/*'], paths: ['src/**']${more}`);
const connection = (url: string) => ({
  'connections/shop-code.yaml': `connection: { name: shop-code, kind: git, url: "${url}" }\n`,
});

beforeAll(async () => {
  code = await makeRepository({ files: { 'src/app.ts': 'one', 'README.md': 'one' } });
  at = await openTriggerWorld({
    'policy.yaml': `version: 1
channels: { default: "#deploys", policy: "#policy" }
teams: { platform: { users: [U0LEE] }, team_lead: { users: [U0LEE, U0KIM] } }
environments: { staging: { machines: [push] } }
approvals: [{ name: what was pushed, when: 'change.kind == "runbook"', require: [team_lead] }]
`,
    'people.yaml': 'people: { U0KIM: { git: [Kim], email: kim@company.example } }\n',
    ...connection(code.url),
    ...ofCode(),
  });
});
afterAll(async () => {
  await at?.close();
  await code?.remove();
});

const views = (commit: string) =>
  at.world.cards.flatMap((each) =>
    each.card === 'operation' && each.view.inputs?.commit === commit ? [each.view] : [],
  );
const operationsFor = (commit: string): readonly string[] => [...new Set(views(commit).map(({ id }) => id))];
const asked = (commit: string) =>
  at.until(`the ballot for ${commit}`, () => views(commit).find(({ state }) => state === 'waiting'));
const said = (words: string): readonly string[] => at.said('#policy').filter((text) => text.includes(words));
const handle = () => at.world.temporal.client.workflow.getHandle(pushWatchId('ship'));
/** Looks that found something, or where the branches are. */
const looks = async (): Promise<number> => {
  const found = await handle()
    .fetchHistory()
    .catch(() => undefined);
  return found?.events?.filter(({ activityTaskCompletedEventAttributes: done }) => done).length ?? 0;
};
const looksAfter = (before: number) => at.until('a look', async () => ((await looks()) > before ? true : undefined));
const aFewLooks = () => new Promise((resolve) => setTimeout(resolve, 3_500));
const vote = ({ id, ballots }: OperationView, by: string): Promise<unknown> => {
  const body = {
    format: 1,
    operationId: id,
    ballotId: ballots[0]!.id,
    ballotDigest: ballots[0]!.digest,
    by,
    decision: 'approve',
    actionId: `${Date.now()}.1`,
    at: new Date().toISOString(),
  } as const;
  const operation = at.world.temporal.client.workflow.getHandle(id);
  return operation.executeUpdate(VOTE_UPDATE, { args: [relay('vote', body, relayKey)] });
};
const kim = { author: { name: 'Kim', email: 'kim@company.example' } };

test('a push to a branch that is watched starts its runbook once, over a restart of the worker, and its author does not approve it', async () => {
  const before = await code.head();
  await looksAfter(0);
  const commit = await code.commit({ 'src/app.ts': 'two' }, 'Two', kim);
  const view = await asked(commit);
  expect(view).toMatchObject({
    requester: { kind: 'machine', id: 'push', via: 'push' },
    reason: `Started by the push of ${commit.slice(0, 10)} to main of shop-code, written by Kim; platform answers for it.`,
    inputs: { branch: 'main', commit },
  });
  await expect(vote(view, 'U0KIM')).rejects.toThrow('Workflow Update failed');
  await vote(view, 'U0LEE');
  await at.until('the end', () => (views(commit).some(({ state }) => state === 'succeeded') ? true : undefined));
  await at.world.restartWorker();
  await aFewLooks();
  expect(operationsFor(commit)).toHaveLength(1);
  expect(operationsFor(before)).toEqual([]);
});

test('a push that touches nothing that is watched starts nothing, and costs one look', async () => {
  const commit = await code.commit({ 'README.md': 'two' });
  const other = await code.commit({ 'src/app.ts': 'other' }, 'Other', { branch: 'wip' });
  const next = await code.commit({ 'src/app.ts': 'three' });
  await asked(next);
  expect([...operationsFor(commit), ...operationsFor(other)]).toEqual([]);
  const { historyLength } = await handle().describe();
  await aFewLooks();
  expect((await handle().describe()).historyLength).toBe(historyLength);
});

test('a new branch with such a name starts it, and what is put back joins what is still open about it', async () => {
  const main = await code.head();
  await code.git(['branch', 'release/one', main]);
  const commit = await code.commit({ 'src/app.ts': 'four' }, 'Four', { ...kim, branch: 'release/one' });
  expect(await asked(commit)).toMatchObject({ inputs: { branch: 'release/one', commit } });
  await asked(await code.commit({ 'src/app.ts': 'five' }));
  await code.git(['update-ref', 'refs/heads/main', main]);
  await at.until('a word in the thread', () =>
    at.world.notices.some(
      ({ to, notice }) =>
        to.kind === 'thread' &&
        notice.kind === 'plain' &&
        notice.text.includes(`(main ${main.slice(0, 10)}) while this is under way`),
    )
      ? true
      : undefined,
  );
});

test('a repository that cannot be read starts nothing, is said once, shows in the status, and is said once more when it can be read', async () => {
  const status = () => statusOf({ temporal: at.world.temporal.client, waits: { look: 5_000 } } as never);
  await at.remote.commit(connection(`${code.url}-gone`));
  const blind = await at.until('the word that it is blind', () => said('is blind')[0]);
  expect(blind).toContain(
    'The watch of pushes to main, release/* of shop-code for the runbook ship is blind and starts nothing until it sees again. The repository could not be read: ',
  );
  expect(blind).toMatch(/[^.]\. platform answers for it\.$/);
  await aFewLooks();
  expect(said('is blind')).toHaveLength(1);
  await at.until('the line of the status', async () => (await status()).blind?.[0]);
  expect((await handle().describe()).searchAttributes[SEARCH_ATTRIBUTES.state.name]?.[0]).toBe('blind');
  await at.remote.commit(connection(code.url));
  await at.until('the word that it sees', () => said('ship sees again.')[0]);
});

test('the policy repository is watched where none is named, and a policy commit takes the watch away', async () => {
  const { runId } = await handle().describe();
  const before = await looks();
  await at.remote.commit(runbook(`branches: [main], paths: ['infrastructure/**']`));
  await looksAfter(before);
  const commit = await at.remote.commit({ 'infrastructure/notes.md': 'one' });
  expect(await asked(commit)).toMatchObject({
    reason: expect.stringContaining('to main of the policy repository, written by Test Author'),
  });
  expect((await handle().describe()).runId).toBe(runId);
  await at.remote.commit({ 'runbooks/ship.yaml': null });
  await at.until('the end of the watch', async () =>
    (await handle().describe()).status.name === 'COMPLETED' ? true : undefined,
  );
});

test('only the watch of a runbook gets a signature for it, and only for what the policy in force has watched', async () => {
  await at.remote.commit(ofCode());
  await at.until('the watch', async () => ((await handle().describe()).status.name === 'RUNNING' ? true : undefined));
  const commit = await code.head();
  const memory = { heads: { main: '0'.repeat(40) }, looks: 1, isBlind: false };
  const { events } = await handle().fetchHistory();
  const given = events![0]!.workflowExecutionStartedEventAttributes!.input!.payloads![0]!.data!;
  const { order } = JSON.parse(Buffer.from(given).toString('utf8')) as { readonly order: object };
  const before = operationsFor(commit);
  const start = (workflowId: string, more: object) =>
    at.world.temporal.client.workflow.start('pushWatch', {
      workflowId,
      taskQueue: WORKER_QUEUE,
      args: [{ timings: testTimings, order: { ...order, ...more }, memory }],
    });
  const others = [
    await start('watch-of-somebody', {}),
    await start(pushWatchId('other'), { runbook: 'other' }),
    await start(pushWatchId('else'), { watch: 'another' }),
  ];
  await aFewLooks();
  for (const other of others) await other.terminate('seen enough');
  expect(operationsFor(commit)).toEqual(before);
});
