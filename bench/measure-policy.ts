import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parse } from 'yaml';
import { openPolicyRepository } from '../activities/adapters/policy-repository';
import { createPolicySource } from '../activities/worker/policy-source';
import { FileCache } from '../src/documents/file-cache';
import { evaluate } from '../src/policy/evaluate';
import { readRepository, type Repository } from '../src/policy/read-repository';
import { policySchema } from '../src/policy/schema';
import { serviceSchema } from '../src/policy/service-schema';
import { makeRepository } from '../test/helpers/git-repository';
import { largePolicy, serviceOf } from './large-policy';
import { quantile, type Findings } from './report';
import type { BenchSettings } from './settings';

type Files = ReadonlyMap<string, { readonly text: string; readonly blob: string }>;

/** Reading and asking a large policy: in process, against the least one could write, and through a real repository. */
export async function measurePolicy(settings: BenchSettings): Promise<Findings> {
  const texts = largePolicy({ services: settings.services, rules: settings.rules });
  const files = new Map([...texts].map(([path, text]) => [path, fileOf(text)]));
  const before = memory();
  const cold = { ours: [] as number[], minimum: [] as number[] };
  let repository: Repository | undefined;
  for (let round = 0; round < 3; round++) {
    repository = undefined;
    cold.ours.push(timed(() => (repository = read(files, new FileCache()))));
    cold.minimum.push(timed(() => readPlainly(files)));
  }
  const held = memory() - before;
  const next = changes(files, settings.policyChanges);
  const decisions = decide(repository!, settings.decisions);
  return {
    rows: [
      { what: 'policy: cold read, processor', ...cold },
      { what: 'policy: one file changed, processor', ...next },
    ],
    notes: [
      `${settings.services} services and ${settings.rules} rules: a decision takes ${spread(decisions.map(({ wall }) => wall))} ms by the clock (${spread(decisions.map((each) => each.processor))} ms of processor, collection of garbage on other threads included; p50 / p95 / p99 of ${decisions.length}); ${held} MB of heap for the policy.`,
      ...(await throughGit(texts, settings.policyChanges)),
    ],
  };
}

/** What anybody would write: the same files with the same parser and the same schemas, every time anew. */
function readPlainly(files: Files): void {
  for (const [path, { text }] of files) {
    if (path === 'policy.yaml') policySchema.parse(parse(text));
    else if (path.startsWith('configs/services/')) serviceSchema.parse(parse(text));
  }
}

function read(files: Files, cache: FileCache): Repository {
  const result = readRepository({ files, commit: 'c'.repeat(40), cache });
  if (!result.ok) throw new Error(`the policy of the bench cannot be read: ${result.problems[0]?.message}`);
  return result.repository;
}

function changes(
  files: Files,
  count: number,
): { readonly ours: readonly number[]; readonly minimum: readonly number[] } {
  const cache = new FileCache();
  read(files, cache);
  const ours: number[] = [];
  for (let index = 0; index < count; index++) {
    const [path, text] = serviceOf(index, index % 7);
    ours.push(timed(() => read(new Map([...files, [path, fileOf(`${text}# ${index}\n`)]]), cache)));
  }
  // It knows no other way than all of it, so a few samples say enough.
  const minimum = Array.from({ length: Math.min(count, 3) }, () => timed(() => readPlainly(files)));
  return { ours, minimum };
}

function decide({ policy }: Repository, count: number): readonly Spent[] {
  const names = [...policy.services.keys()];
  const now = new Date('2026-11-24T10:00:00Z');
  const one = (index: number) =>
    evaluate({
      policy,
      now,
      request: {
        kind: 'deploy',
        service: names[(index * 37) % names.length],
        environment: 'production',
        version: 'v2',
        requester: { kind: 'person', id: 'U0A1', via: 'slack' },
      },
      world: { plan: {}, history: [] },
    });
  for (let index = 0; index < count / 4; index++) one(index);
  return Array.from({ length: count }, (_, index) => {
    const [began, used] = [performance.now(), process.cpuUsage()];
    one(index);
    return { wall: performance.now() - began, processor: spentSince(used) };
  });
}

/** From a pushed commit to the policy in force: fetch, read, its own tests, bind. */
async function throughGit(texts: ReadonlyMap<string, string>, count: number): Promise<readonly string[]> {
  const remote = await makeRepository({ files: Object.fromEntries(texts) });
  const dataDir = mkdtempSync(join(tmpdir(), 'signalbox-bench-policy-'));
  const mirror = openPolicyRepository({ url: remote.url, ref: 'main', dataDir, now: () => Date.now() });
  const source = createPolicySource({ mirror, freshMs: 3_600_000, now: () => Date.now() });
  try {
    const first = await timedAsync(() => source.refresh());
    const bound: Spent[] = [];
    for (let index = 0; index < count; index++) {
      const [path, text] = serviceOf(index, index % 7);
      const commit = await remote.commit({ [path]: `${text}# ${index}\n` });
      bound.push(await timedAsync(() => source.refresh()));
      const inForce = await source.current();
      if (inForce.commit !== commit) throw new Error(`the commit does not bind: ${inForce.problem}`);
    }
    const walls = spread(bound.map(({ wall }) => wall));
    const processor = spread(bound.map((each) => each.processor));
    return [
      `Through Git, fetch and its own 50 tests included: the first commit was bound after ${first.wall.toFixed(0)} ms (${first.processor.toFixed(0)} ms of processor), a commit of one file after ${walls} ms (${processor} ms of processor; p50 / p95 / p99 of ${count}).`,
    ];
  } finally {
    await mirror.close();
    await remote.remove();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function fileOf(text: string): { readonly text: string; readonly blob: string } {
  return { text, blob: createHash('sha1').update(text).digest('hex') };
}

/** Processor time of this process, ms: other work on the machine counts for less in it than in the clock. */
function timed(work: () => void): number {
  const began = process.cpuUsage();
  work();
  return spentSince(began);
}

interface Spent {
  readonly wall: number;
  readonly processor: number;
}

async function timedAsync(work: () => Promise<unknown>): Promise<Spent> {
  const [began, used] = [performance.now(), process.cpuUsage()];
  await work();
  return { wall: performance.now() - began, processor: spentSince(used) };
}

function spentSince(began: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}

/** MB of heap, after a collection: what nobody holds any more would hide what the policy takes. */
function memory(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return Math.round(process.memoryUsage().heapUsed / 1e6);
}

function spread(values: readonly number[]): string {
  return [0.5, 0.95, 0.99].map((part) => quantile(values, part).toFixed(values[0]! < 10 ? 2 : 0)).join(' / ');
}
