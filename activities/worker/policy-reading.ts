import { setImmediate } from 'node:timers/promises';
import { FileCache } from '../../src/documents/file-cache';
import { formatProblem } from '../../src/documents/read-yaml';
import type { PolicyFileText } from '../../src/policy/policy';
import { runPolicyTests } from '../../src/policy/policy-tests';
import { readAhead, readRepository, type Repository } from '../../src/policy/read-repository';

/** A commit as far as its files go: what it says, or why it says nothing. */
export type Reading =
  | {
      readonly ok: true;
      readonly repository: Repository;
      /** The first of its own tests that does not pass, in words that continue a sentence. */
      readonly failedTest?: string;
    }
  | { readonly ok: false; readonly problem: string };

/** Files of a commit, as a mirror gives them. */
export interface TreeMirror {
  readTree(
    commit: string,
  ): Promise<{ readonly files: ReadonlyMap<string, PolicyFileText>; readonly problems: readonly string[] }>;
}

/** How long files are read before others get their turn, ms. */
const sliceMs = 20;
/** Readings that are kept: the newest commits, and those that operations are pinned to. */
const kept = 8;

/** Reads commits, each once while it is kept. */
export function createPolicyReader(mirror: TreeMirror): (commit: string) => Promise<Reading> {
  const readings = new Map<string, Promise<Reading>>();
  const cache = new FileCache();
  return (commit) => {
    const known = readings.get(commit);
    if (known) return known;
    const reading = readCommit(mirror, commit, cache);
    readings.set(commit, reading);
    reading.catch(() => readings.delete(commit));
    for (const oldest of [...readings.keys()].slice(0, Math.max(0, readings.size - kept))) readings.delete(oldest);
    return reading;
  };
}

async function readCommit(mirror: TreeMirror, commit: string, cache: FileCache): Promise<Reading> {
  const { files, problems } = await mirror.readTree(commit);
  if (problems.length > 0) return { ok: false, problem: problems.slice(0, 3).join('; ') };
  let began = performance.now();
  for (const _ of readAhead(files, cache)) {
    if (performance.now() - began < sliceMs) continue;
    await setImmediate();
    began = performance.now();
  }
  const result = readRepository({ files, commit, cache });
  if (!result.ok) return { ok: false, problem: firstOf(result.problems.map(formatProblem)) };
  const failedTest = failureIn(result.repository, cache);
  return { ok: true, repository: result.repository, ...(failedTest === undefined ? {} : { failedTest }) };
}

function failureIn({ policy }: Repository, cache: FileCache): string | undefined {
  const { results, problems } = runPolicyTests(policy, cache);
  if (problems.length > 0) return firstOf(problems.map(formatProblem));
  const failures = results.flatMap(({ name, file, line, differences }) =>
    differences.length === 0 ? [] : [`its own test "${name}" (${file}:${line}) fails, because ${differences[0]}`],
  );
  return failures.length === 0 ? undefined : firstOf(failures);
}

function firstOf(problems: readonly string[]): string {
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return `${problems[0] ?? 'it has problems'}${more}`;
}
