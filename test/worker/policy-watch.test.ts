import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPolicyRepository, type PolicyRepository } from '../../activities/adapters/policy-repository';
import { adoptPolicy, approvedPolicy } from '../../activities/worker/approved-policy';
import { createPolicySource } from '../../activities/worker/policy-source';
import { createPolicyWatch } from '../../activities/worker/policy-watch';
import type { AppliedState, LedgerEntry } from '../../src/ledger/record';
import { makeRepository, type TestRepository } from '../helpers/git-repository';
import { testTimings } from '../helpers/operation-world';

let remote: TestRepository;
let mirror: PolicyRepository;
let folder: string;

const elsewhere: { readonly folder: string; readonly mirror: PolicyRepository }[] = [];

beforeEach(async () => {
  remote = await makeRepository();
  folder = await mkdtemp(join(tmpdir(), 'signalbox-policy-watch-'));
  mirror = openPolicyRepository({ url: remote.url, ref: 'main', dataDir: folder, now: Date.now });
});
afterEach(async () => {
  for (const other of elsewhere.splice(0)) {
    await other.mirror.close();
    await rm(other.folder, { recursive: true, force: true });
  }
  await mirror.close();
  await remote.remove();
  await rm(folder, { recursive: true, force: true });
});

/** A ledger in memory: what was asked of it, what was written, and which policy it knows as approved, newest first. */
function openLedger() {
  const ledger = { reads: 0, written: [] as LedgerEntry[], approved: [] as string[] };
  return {
    ledger,
    port: {
      readState: async (): Promise<AppliedState> => {
        ledger.reads += 1;
        const history = ledger.approved.map((version) => ({ version, operation: 'op', succeededAt: '' }));
        return { format: 1, service: 'policy', environment: 'policy', history };
      },
      append: async (entries: readonly LedgerEntry[]) => {
        ledger.written.push(...entries);
        ledger.approved.unshift(
          ...entries.flatMap(({ state }) => (state?.kind === 'succeeded' ? [state.version] : [])),
        );
        return { commit: 'none' };
      },
    },
  };
}

/** A watch on this machine, and the ledger it writes to. */
function openWatch() {
  const { ledger, port } = openLedger();
  const policy = createPolicySource({ mirror, freshMs: 0, approved: () => approvedPolicy(port), now: Date.now });
  const watch = createPolicyWatch({
    policy,
    pollMs: 1,
    patienceMs: 60_000,
    client: {} as Parameters<typeof createPolicyWatch>[0]['client'],
    ledger: port,
    relayKey: 'a-relay-key-for-tests-of-32-characters',
    timings: testTimings,
    now: () => new Date(),
  });
  return { watch, ledger, port };
}

/** What binds on a machine that knows nothing but the repository and the ledger. */
async function boundElsewhere(port: ReturnType<typeof openLedger>['port']) {
  const dataDir = await mkdtemp(join(tmpdir(), 'signalbox-policy-watch-'));
  const other = openPolicyRepository({ url: remote.url, ref: 'main', dataDir, now: Date.now });
  elsewhere.push({ folder: dataDir, mirror: other });
  const source = createPolicySource({
    mirror: other,
    freshMs: 0,
    approved: () => approvedPolicy(port),
    now: Date.now,
  });
  return source.current();
}

let revision = 0;
const policyThat = (changes: 'gated' | 'open') => ({
  'policy.yaml': `version: 1 # ${(revision += 1)}
policy_changes: ${changes}
teams: { owners: { users: [U0ANN, U0BEN] } }
environments: { staging: {} }
approvals: [{ name: policy, require: [owners] }]
`,
});

test('the first look puts on record where approved changes begin; a look that finds nothing new leaves the ledger alone', async () => {
  const commit = await remote.commit(policyThat('gated'));
  const { watch, ledger } = openWatch();
  const { news } = await watch.policyNews({});
  expect(news).toEqual({ commit });
  expect(ledger.written).toMatchObject([{ event: 'adopted', state: { kind: 'succeeded', version: commit } }]);
  expect(ledger.written).toHaveLength(1);

  const { reads } = ledger;
  await expect(watch.policyNews({ known: news })).rejects.toThrow('The policy is what it was.');
  expect(ledger.reads).toBe(reads);
});

describe('rules that people let become open, and that are gated again', () => {
  async function openedAndGatedAgain() {
    const first = await remote.commit(policyThat('gated'));
    const { watch, ledger, port } = openWatch();
    const begun = await watch.policyNews({});
    const opened = await remote.commit(policyThat('open'));
    ledger.approved.unshift(opened);
    const open = await watch.policyNews({ known: begun.news });
    expect(open.news).toEqual({ commit: opened });
    const again = await remote.commit(policyThat('gated'));
    const known = (await watch.policyNews({ known: open.news })).news;
    expect(known).toEqual({ commit: again });
    return { first, opened, again, watch, ledger, port, known };
  }

  test('begin anew with the commit that gates them', async () => {
    const { first, opened, again, ledger } = await openedAndGatedAgain();
    expect(ledger.approved).toEqual([again, opened, first]);
    expect(ledger.written).toHaveLength(2);
  });

  test('hold what came after them on a new machine, too', async () => {
    const { again, port } = await openedAndGatedAgain();
    const next = await remote.commit(policyThat('open'));
    expect(await boundElsewhere(port)).toMatchObject({ commit: again, proposed: next });
  });

  test('are not adopted over what people approved since', async () => {
    const { watch, ledger, known } = await openedAndGatedAgain();
    const next = await remote.commit(policyThat('gated'));
    ledger.approved.unshift(next);
    await watch.policyNews({ known });
    expect(ledger.written).toHaveLength(2);
  });
});

test('a worker that is behind does not take back what people approved meanwhile', async () => {
  const first = await remote.commit(policyThat('gated'));
  const { watch, ledger, port } = openWatch();
  await watch.policyNews({});
  const opened = await remote.commit(policyThat('open'));
  const behind = createPolicySource({ mirror, freshMs: 0, approved: async () => first, now: Date.now });
  expect(await behind.current()).toMatchObject({ commit: first, proposed: opened });
  ledger.approved.unshift(opened);
  await adoptPolicy({ ledger: port, policy: behind }, { commit: first, now: new Date() });
  expect(ledger.approved).toEqual([opened, first]);
});
