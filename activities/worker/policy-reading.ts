import { formatProblem } from '../../src/documents/read-yaml';
import type { PolicyFileText } from '../../src/policy/policy';
import { runPolicyTests } from '../../src/policy/policy-tests';
import { readRepository, type Repository } from '../../src/policy/read-repository';

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

/** Readings that are kept: the newest commits, and those that operations are pinned to. */
const kept = 8;

/** Reads commits, each once while it is kept. */
export function createPolicyReader(mirror: TreeMirror): (commit: string) => Promise<Reading> {
  const readings = new Map<string, Promise<Reading>>();
  return (commit) => {
    const known = readings.get(commit);
    if (known) return known;
    const reading = readCommit(mirror, commit);
    readings.set(commit, reading);
    reading.catch(() => readings.delete(commit));
    for (const oldest of [...readings.keys()].slice(0, Math.max(0, readings.size - kept))) readings.delete(oldest);
    return reading;
  };
}

async function readCommit(mirror: TreeMirror, commit: string): Promise<Reading> {
  const { files, problems } = await mirror.readTree(commit);
  if (problems.length > 0) return { ok: false, problem: problems.slice(0, 3).join('; ') };
  const result = readRepository({ files, commit });
  if (!result.ok) return { ok: false, problem: firstOf(result.problems.map(formatProblem)) };
  const failedTest = failureIn(result.repository);
  return { ok: true, repository: result.repository, ...(failedTest === undefined ? {} : { failedTest }) };
}

function failureIn({ policy }: Repository): string | undefined {
  const { results, problems } = runPolicyTests(policy);
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
