import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPolicyRepository, type PolicyRepository } from '../../activities/adapters/policy-repository';
import { createPolicySource } from '../../activities/worker/policy-source';
import { createPolicyWatch } from '../../activities/worker/policy-watch';
import type { AppliedState, LedgerEntry } from '../../src/ledger/record';
import { makeRepository, type TestRepository } from '../helpers/git-repository';
import { testTimings } from '../helpers/operation-world';

let remote: TestRepository;
let mirror: PolicyRepository;
let folder: string;

beforeEach(async () => {
  remote = await makeRepository();
  folder = await mkdtemp(join(tmpdir(), 'signalbox-policy-watch-'));
  mirror = openPolicyRepository({ url: remote.url, ref: 'main', dataDir: folder, now: Date.now });
});
afterEach(async () => {
  await mirror.close();
  await remote.remove();
  await rm(folder, { recursive: true, force: true });
});

/** A watch, and what it asked and wrote of the ledger, which knows of no approved policy. */
function openWatch() {
  const ledger = { reads: 0, written: [] as LedgerEntry[] };
  const nothing: AppliedState = { format: 1, service: 'policy', environment: 'policy', history: [] };
  const watch = createPolicyWatch({
    policy: createPolicySource({ mirror, freshMs: 0, approved: async () => undefined, now: Date.now }),
    pollMs: 1,
    patienceMs: 60_000,
    client: {} as Parameters<typeof createPolicyWatch>[0]['client'],
    ledger: {
      readState: async () => {
        ledger.reads += 1;
        return nothing;
      },
      append: async (entries) => {
        ledger.written.push(...entries);
        return { commit: 'none' };
      },
    },
    relayKey: 'a-relay-key-for-tests-of-32-characters',
    timings: testTimings,
    now: () => new Date(),
  });
  return { watch, ledger };
}

test('the first look puts on record where approved changes begin; a look that finds nothing new leaves the ledger alone', async () => {
  const commit = await remote.commit({
    'policy.yaml': `version: 1
policy_changes: gated
teams: { owners: { users: [U0ANN, U0BEN] } }
environments: { staging: {} }
approvals: [{ name: policy, require: [owners] }]
`,
  });
  const { watch, ledger } = openWatch();
  const { news } = await watch.policyNews({});
  expect(news).toEqual({ commit });
  expect(ledger.written).toMatchObject([{ event: 'adopted', state: { kind: 'succeeded', version: commit } }]);
  expect(ledger.written).toHaveLength(1);

  const { reads } = ledger;
  await expect(watch.policyNews({ known: news })).rejects.toThrow('The policy is what it was.');
  expect(ledger.reads).toBe(reads);
});
