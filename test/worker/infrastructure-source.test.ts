import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPolicyRepository } from '../../activities/adapters/policy-repository';
import { createInfrastructureSource } from '../../activities/worker/infrastructure-source';
import { commitsMadeBy, infrastructureProblems, type Declared } from '../../src/infrastructure/declared';
import type { ResourceState } from '../../src/resources/resource';
import { server } from '../helpers/declared-servers';
import { makeRepository, type TestRepository } from '../helpers/git-repository';

jest.setTimeout(60_000);

let remote: TestRepository;
let mirror: ReturnType<typeof openPolicyRepository>;

beforeEach(async () => {
  remote = await makeRepository({ files: { 'policy.yaml': 'version: 1\n' } });
  const dataDir = mkdtempSync(join(tmpdir(), 'signalbox-declared-'));
  mirror = openPolicyRepository({ url: remote.url, ref: 'main', dataDir, now: Date.now });
});
afterEach(async () => {
  await mirror.close();
  await remote.remove();
});

const declare = (who: string, counts: { readonly [group: string]: number }): Promise<string> => {
  const groups = Object.entries(counts).map(
    ([name, count]) => `${name}: { count: ${count}, type: cx22, region: fsn1 }`,
  );
  return remote.commit({ 'infrastructure/servers.yaml': `servers: { ${groups.join(', ')} }\n` }, `By ${who}`, {
    author: { name: who, email: `${who}@example.com` },
  });
};
async function readBy(asked: Parameters<typeof commitsMadeBy>[0], resources: readonly ResourceState[], most?: number) {
  await mirror.fetch();
  const source = createInfrastructureSource({ mirror, ref: 'main', ...(most && { mostCommits: most }) });
  return source.read({ since: (groups) => commitsMadeBy(asked, { groups, resources }) });
}
const authorsOf = (declared: Declared): unknown =>
  declared.kind === 'read' && declared.authors !== 'too_many' ? declared.authors.map(({ name }) => name) : declared;
const made = (commit: string, begunAt = '2026-11-20T08:00:00.000Z') => [{ begunAt }, { commit }] as const;

test('whoever changed a group is still its author after another group was applied, and nobody who wrote before is', async () => {
  const before = await declare('ann', { web: 1, db: 1 });
  await declare('kim', { web: 3, db: 1 });
  const applied = await declare('bob', { web: 3, db: 2 });
  const resources = [
    server('db-2', ...made(applied, '2026-11-21T08:00:00.000Z')),
    server('db-1', ...made(before)),
    server('web-1', ...made(before)),
  ];
  expect(authorsOf(await readBy({}, resources))).toEqual(['bob', 'kim']);
  expect(authorsOf(await readBy({ infrastructure: { group: 'web' } }, resources))).toEqual(['bob', 'kim']);
});

test('a try that was undone forgets nobody, nor do servers that are half there', async () => {
  const before = await declare('ann', { web: 1 });
  const tried = await declare('kim', { web: 3 });
  const resources = [
    server('web-1', ...made(before)),
    server('web-2', { status: 'destroyed' }, { commit: tried }),
    server('web-3', { status: 'uncertain' }, { commit: tried }),
  ];
  expect(authorsOf(await readBy({}, resources))).toEqual(['kim']);
});

test('all who ever wrote are authors where a group that changes has nothing live, or its commit is gone', async () => {
  const before = await declare('ann', { web: 1 });
  await declare('kim', { web: 1, db: 1 });
  expect(authorsOf(await readBy({}, [server('web-1', ...made(before))]))).toEqual(['kim', 'ann']);
  expect(authorsOf(await readBy({}, [server('db-1', ...made('f'.repeat(40)))]))).toEqual(['kim', 'ann']);
});

test('the oldest commit is the first in Git, whatever the clocks said', async () => {
  const first = await declare('ann', { web: 2 });
  const second = await declare('kim', { web: 3 });
  await declare('bob', { web: 4 });
  const late = server('web-1', ...made(first, '2026-11-22T08:00:00.000Z'));
  const early = server('web-2', ...made(second, '2026-11-19T08:00:00.000Z'));
  for (const resources of [
    [late, early],
    [early, late],
  ])
    expect(authorsOf(await readBy({}, resources))).toEqual(['bob', 'kim']);
});

test('servers of another environment say nothing of this one', async () => {
  await declare('ann', { web: 1 });
  const commit = await declare('kim', { web: 2 });
  const elsewhere = server('staging-web-1', { environment: 'staging' }, { group: 'web', commit });
  expect(authorsOf(await readBy({}, [elsewhere]))).toEqual(['kim', 'ann']);
});

test('more commits than are looked through are no authors at all: it is refused', async () => {
  const before = await declare('ann', { web: 1 });
  for (const count of [2, 3, 4]) await declare(`kim${count}`, { web: count });
  const resources = [server('web-1', ...made(before))];
  expect(authorsOf(await readBy({}, resources, 3))).toEqual(['kim4', 'kim3', 'kim2']);
  const declared = await readBy({}, resources, 2);
  expect(declared).toMatchObject({ kind: 'read', authors: 'too_many' });
  expect(infrastructureProblems({}, { declared, resources })).toEqual([
    expect.stringContaining('nobody can say who wrote what is declared'),
  ]);
});
