import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPolicyRepository, type PolicyRepository } from '../../activities/adapters/policy-repository';
import { createPolicySource, type PolicySource } from '../../activities/worker/policy-source';
import { makeRepository, type TestRepository } from '../helpers/git-repository';

let remote: TestRepository;
let folders: string[];
let approved: string | undefined | Error;
const open: PolicyRepository[] = [];

beforeEach(async () => {
  [remote, folders, approved] = [await makeRepository(), [], undefined];
});
afterEach(async () => {
  for (const repository of open.splice(0)) await repository.close();
  await remote.remove();
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

/** A worker on a machine of its own: it knows nothing but the repository and the ledger. */
async function startElsewhere({ accepted }: { readonly accepted?: string } = {}): Promise<PolicySource> {
  const dataDir = await mkdtemp(join(tmpdir(), 'signalbox-approval-'));
  folders.push(dataDir);
  const mirror = openPolicyRepository({ url: remote.url, ref: 'main', dataDir, now: () => Date.now() });
  open.push(mirror);
  if (accepted !== undefined) {
    await mirror.fetch();
    await mirror.accept({ commit: accepted, anchored: false }, undefined);
  }
  return createPolicySource({
    mirror,
    freshMs: 0,
    approved: async () => {
      if (approved instanceof Error) throw approved;
      return approved;
    },
    now: () => Date.now(),
  });
}

let revision = 0;
function policy(changes: 'gated' | 'open' = 'gated'): { readonly [path: string]: string } {
  revision += 1;
  return {
    'policy.yaml': `version: 1 # ${revision}
policy_changes: ${changes}
teams: { owners: { users: [U0ANN, U0BEN] } }
environments: { staging: {} }
approvals: [{ name: policy, require: [owners] }]
`,
  };
}

async function begun(): Promise<{ readonly source: PolicySource; readonly first: string }> {
  const first = await remote.commit(policy());
  const source = await startElsewhere();
  expect(await source.current()).toMatchObject({ commit: first });
  approved = first;
  return { source, first };
}

test('a commit to what is governed waits for people, is no problem for strict places, and says what it changes', async () => {
  const { source, first } = await begun();
  const author = { name: 'Cleo', email: 'cleo@company.example' };
  const next = await remote.commit(
    { ...policy(), 'people.yaml': 'people: {}\n' },
    'Loosen the rules\n\nCo-authored-by: Dan <dan@company.example>',
    { author },
  );

  const inForce = await source.current();
  expect(inForce).toMatchObject({ commit: first, proposed: next });
  expect(inForce).not.toHaveProperty('problem');
  expect(inForce).not.toHaveProperty('refused');
  expect(await source.changeTo(next)).toEqual({
    from: first,
    to: next,
    head: next,
    paths: ['people.yaml', 'policy.yaml'],
    morePaths: 0,
    authors: [
      { name: 'Cleo', email: 'cleo@company.example' },
      { name: 'Dan', email: 'dan@company.example' },
    ],
    committers: [{ name: 'Cleo', email: 'cleo@company.example' }],
    isUnclear: false,
    commits: [{ commit: next, subject: 'Loosen the rules', author: 'Cleo' }],
  });
});

test('a branch that was moved back, or rewritten, does not say whose change that is', async () => {
  const { source, first } = await begun();
  const next = await remote.commit(policy());
  approved = next;
  expect(await source.current()).toMatchObject({ commit: next });

  await remote.git(['update-ref', 'refs/heads/main', first]);
  expect(await source.current()).toMatchObject({ commit: next, proposed: first });
  expect(await source.changeTo(first)).toMatchObject({ authors: [], isUnclear: true });
});

test('nothing is left to decide about a commit that is in force, or that nobody has', async () => {
  const { source, first } = await begun();
  expect(await source.changeTo(first)).toBeUndefined();
  expect(await source.changeTo('a'.repeat(40))).toBeUndefined();
});

test('once people approved it, it binds; what came after it waits again', async () => {
  const { source } = await begun();
  const next = await remote.commit(policy());
  await source.current();
  approved = next;
  expect(await source.current()).toMatchObject({ commit: next });

  const later = await remote.commit(policy());
  expect(await source.current()).toMatchObject({ commit: next, proposed: later });
});

test('an approved commit binds although the branch has moved on since', async () => {
  const { source } = await begun();
  const next = await remote.commit(policy());
  const later = await remote.commit(policy());
  approved = next;
  expect(await source.current()).toMatchObject({ commit: next, proposed: later });
});

test('a commit to an environment’s own configuration binds without anybody', async () => {
  const { source } = await begun();
  const next = await remote.commit({
    'configs/staging/app.yaml': 'replicas: 2\n',
    'infrastructure/servers.yaml': 'servers: {}\n',
  });
  expect(await source.current()).toMatchObject({ commit: next });
});

test('a folder of no environment is governed, so that nobody smuggles rules in beside them', async () => {
  const { source, first } = await begun();
  const next = await remote.commit({ 'configs/services/shop.yaml': 'service: { name: shop, owner: owners }\n' });
  expect(await source.current()).toMatchObject({ commit: first, proposed: next });
});

test('to stop asking has to be approved like anything else', async () => {
  const { source, first } = await begun();
  const next = await remote.commit(policy('open'));
  expect(await source.current()).toMatchObject({ commit: first, proposed: next });
});

test('rewritten history does not get round it, and binds once people approved just that', async () => {
  const { source, first } = await begun();
  await remote.git(['update-ref', '-d', 'refs/heads/main']);
  const next = await remote.commit(policy('open'));
  expect(await source.current()).toMatchObject({ commit: first, proposed: next });
  approved = next;
  expect(await source.current()).toMatchObject({ commit: next });
});

test('a worker that knows nothing yet begins with what was approved, not with what lies on the branch', async () => {
  const { first } = await begun();
  const next = await remote.commit(policy('open'));
  const other = await startElsewhere();
  expect(await other.current()).toMatchObject({ commit: first, proposed: next });
});

test('nor on a worker that knows nothing yet: what was approved is not on that branch any more', async () => {
  const { first } = await begun();
  await remote.git(['update-ref', '-d', 'refs/heads/main']);
  const next = await remote.commit(policy('open'));
  const other = await startElsewhere();
  await expect(other.current()).rejects.toThrow(
    `No policy is in force, because the newest commit ${next.slice(0, 10)} cannot be used: it cannot be compared with ${first.slice(0, 10)}`,
  );

  approved = next;
  expect(await other.current()).toMatchObject({ commit: next });
});

describe('where this release cannot read what another one accepted', () => {
  async function mended(): Promise<{
    readonly unreadable: string;
    readonly mend: string;
    readonly source: PolicySource;
  }> {
    const unreadable = await remote.commit({ 'policy.yaml': 'version: 2\n' });
    const source = await startElsewhere({ accepted: unreadable });
    return { unreadable, mend: await remote.commit(policy('open')), source };
  }

  test('nothing newer binds, since nobody can tell who would have to approve it', async () => {
    const { unreadable, mend, source } = await mended();
    approved = unreadable;
    await expect(source.current()).rejects.toThrow(
      `the newest commit ${mend.slice(0, 10)} cannot be used: it cannot be compared with ${unreadable.slice(0, 10)}`,
    );
    const other = await startElsewhere();
    await expect(other.current()).rejects.toThrow(`cannot be compared with ${unreadable.slice(0, 10)}`);
  });

  test('a change that people approved binds', async () => {
    const { mend, source } = await mended();
    approved = mend;
    expect(await source.current()).toMatchObject({ commit: mend });
  });

  test('nobody has to approve where nobody was ever asked', async () => {
    const { mend, source } = await mended();
    expect(await source.current()).toMatchObject({ commit: mend });
  });
});

test('while nobody can tell what was approved, nothing newer binds', async () => {
  const { source, first } = await begun();
  const next = await remote.commit(policy());
  approved = new Error('the ledger is away');
  expect(await source.current()).toMatchObject({ commit: first, proposed: next });
  const other = await startElsewhere();
  await remote.commit(policy());
  await expect(other.current()).rejects.toThrow(/No policy is in force/);
});

test('a commit that cannot be read is refused for that, and nobody is asked about it', async () => {
  const { source, first } = await begun();
  const next = await remote.commit({ 'policy.yaml': 'version: 2\n' });
  const inForce = await source.current();
  expect(inForce).toMatchObject({ commit: first, refused: { commit: next, because: 'unusable' } });
  expect(inForce).not.toHaveProperty('proposed');
});

test('without policy_changes: gated every commit binds', async () => {
  await remote.commit(policy('open'));
  const source = await startElsewhere();
  await source.current();
  const next = await remote.commit(policy('open'));
  expect(await source.current()).toMatchObject({ commit: next });
});
