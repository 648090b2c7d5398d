import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBlobStore, type BlobStore } from '../../activities/adapters/blob-store';
import { openLedger, type Ledger } from '../../activities/adapters/ledger';
import { openPolicyRepository, type PolicyRepository } from '../../activities/adapters/policy-repository';
import type { CodeSource } from '../../activities/worker/code-source';
import { createDecisionActivities, type DecisionDeps } from '../../activities/worker/decisions';
import { approvedPolicy } from '../../activities/worker/approved-policy';
import { createInfrastructureSource } from '../../activities/worker/infrastructure-source';
import { createPolicySource, type PolicySource } from '../../activities/worker/policy-source';
import { createFolderPacker } from '../../activities/worker/tool-folders';
import { codeSourceIn } from './code-source';
import { makeRepository, type TestRepository } from './git-repository';
import { testTimings } from './operation-world';

export const relayKey = 'a-relay-key-for-tests-of-32-characters';

/** What a worker decides by: a policy and a ledger in real Git repositories, and a blob store. */
export interface PolicyParts {
  /** The policy's repository, as people push to it. */
  readonly remote: TestRepository;
  readonly records: TestRepository;
  readonly ledger: Ledger;
  readonly mirror: PolicyRepository;
  readonly policy: PolicySource;
  readonly blobs: BlobStore;
  readonly code: CodeSource;
  /** A body of the blob store. */
  read<T>(digest: string): Promise<T>;
  /** The decisions, with nobody's reviews open and nothing held back unless `more` says so. */
  decisions(more?: Partial<DecisionDeps>): ReturnType<typeof createDecisionActivities>;
  close(): Promise<void>;
}

export async function openPolicyParts(files: { readonly [path: string]: string | null }): Promise<PolicyParts> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-policy-'));
  const [remote, records] = [await makeRepository({ files }), await makeRepository({ files: {} })];
  const now = (): Date => new Date();
  const ledger = await openLedger({ url: records.url, ref: 'refs/heads/ledger', dataDir: join(folder, 'l'), now });
  const mirror = openPolicyRepository({ url: remote.url, ref: 'main', dataDir: join(folder, 'p'), now: Date.now });
  const policy = createPolicySource({ mirror, freshMs: 0, approved: () => approvedPolicy(ledger), now: Date.now });
  const blobs = await openBlobStore({ location: join(folder, 'b'), key: 'ab'.repeat(32) });
  const code = codeSourceIn(folder);
  return {
    remote,
    records,
    ledger,
    mirror,
    policy,
    blobs,
    code,
    read: async <T>(digest: string): Promise<T> => JSON.parse((await blobs.get(digest)).toString('utf8')) as T,
    decisions: (more = {}) =>
      createDecisionActivities({
        policy,
        declared: createInfrastructureSource({ mirror, ref: 'main' }),
        ledger,
        code,
        blobs,
        folders: createFolderPacker({ mirror, blobs }),
        relayKey,
        openReviews: async () => [],
        heldBack: async () => ({}),
        workflowTypeOf: async () => undefined,
        timings: testTimings,
        now,
        ...more,
      }),
    async close() {
      code.close();
      await mirror.close();
      await ledger.close();
      await remote.remove();
      await records.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
