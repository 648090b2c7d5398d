import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openPolicyRepository } from '../../../activities/adapters/policy-repository';
import { sha256 } from '../../canonical';
import { formatProblem } from '../../documents/read-yaml';
import { Refusal } from '../../errors';
import { readInfrastructure, type ReadInfrastructure } from '../../infrastructure/read';
import { isPolicyDocument } from '../../policy/governed';
import type { PolicyFileText } from '../../policy/policy';
import { readRepository, type ReadRepository, type Repository } from '../../policy/read-repository';
import { BadInput, settingsOf } from './command';
import type { Io } from './io';
import { withFolder } from './with-folder';

/** Where people say the policy is. */
export interface PolicyPlace {
  /** Path or URL of a Git repository. */
  readonly repo?: string;
  readonly ref?: string;
  /** A plain folder, read as it lies there. */
  readonly dir?: string;
}

export interface PolicyRead {
  /** What was read, for the answer: `/srv/policy at 3fa2…`. */
  readonly shown: string;
  readonly commit: string;
  /** Paths of the files that were read. */
  readonly files: readonly string[];
  /** Sentences about files that were not read. */
  readonly unread: readonly string[];
  readonly result: ReadRepository;
  /** What is declared beside the policy: wrong or not, the policy binds. */
  readonly infrastructure: ReadInfrastructure;
}

const fetchTimeoutMs = 60_000;
const maxFileBytes = 256 * 1024;

/**
 * Reads a policy from where it was said to be: a repository at a ref, else a folder, else POLICY_REPO at POLICY_REF.
 * With nothing at all, `otherwise` decides. Throws `BadInput` when it cannot be reached.
 */
export async function readPolicy(
  io: Io,
  place: PolicyPlace,
  otherwise: 'refuse' | 'here' = 'refuse',
): Promise<PolicyRead> {
  if (place.repo !== undefined && place.dir !== undefined)
    throw new BadInput('Give either --repo or --dir: a repository is read at a commit, a folder as it lies there.');
  if (place.dir !== undefined) return readFolder(resolve(io.cwd, place.dir));
  const { POLICY_REPO, POLICY_REF } = settingsOf(io);
  if (place.repo === undefined && POLICY_REPO === undefined) {
    if (otherwise === 'here') return readFolder(io.cwd);
    throw new BadInput('Nobody said which policy: give --repo <path or URL>, or set POLICY_REPO.');
  }
  const url = place.repo === undefined ? POLICY_REPO : repositoryAt(io, place.repo);
  const usual = place.repo === undefined ? POLICY_REF : (branchOf(url) ?? POLICY_REF);
  return place.repo === undefined && place.ref === undefined
    ? readCommit(url, usual)
    : readCommit(url, place.ref ?? usual).catch(asInput);
}

/** The policy itself, or every problem it has in one `BadInput`. */
export function bindingOf({ result, unread, shown }: PolicyRead): Repository {
  const problems = [...unread, ...(result.ok ? [] : result.problems.map(formatProblem))];
  if (result.ok && problems.length === 0) return result.repository;
  throw new BadInput(`The policy of ${shown} cannot be used:\n${problems.map((line) => `  ${line}`).join('\n')}`);
}

async function readCommit(url: string, ref: string): Promise<PolicyRead> {
  return withFolder(async (dataDir) => {
    const repository = openPolicyRepository({ url, ref, dataDir, now: () => Date.now(), timeoutMs: fetchTimeoutMs });
    const { commit } = await repository.fetch();
    const { files, problems } = await repository.readTree(commit);
    return {
      shown: `${url} at ${commit.slice(0, 10)}`,
      commit,
      files: [...files.keys()],
      unread: problems,
      result: readRepository({ files, commit }),
      infrastructure: readInfrastructure(files),
    };
  });
}

/** What somebody typed is their input, where the same in a setting is a matter of whoever runs Signalbox. */
function asInput(error: unknown): never {
  throw error instanceof Refusal ? new BadInput(error.message.replace(/^POLICY_REPO/, '--repo')) : error;
}

/** A path is taken from where the command was typed; everything else is a URL. */
function repositoryAt(io: Io, given: string): string {
  const path = resolve(io.cwd, given);
  return existsSync(path) ? path : given;
}

/** The branch that a repository on this machine has checked out. */
function branchOf(url: string): string | undefined {
  for (const head of [join(url, 'HEAD'), join(url, '.git', 'HEAD')]) {
    try {
      const branch = /^ref: refs\/heads\/(.+)\s*$/.exec(readFileSync(head, 'utf8'))?.[1];
      if (branch !== undefined) return branch;
    } catch {
      // Not that kind of repository; the next place tells, or nobody does.
    }
  }
  return undefined;
}

function readFolder(folder: string): PolicyRead {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) throw new BadInput(`${folder} is not a folder.`);
  const files = new Map<string, PolicyFileText>();
  const unread: string[] = [];
  const walk = (under: string): void => {
    for (const name of readdirSync(join(folder, under)).sort()) {
      const path = under === '' ? name : `${under}/${name}`;
      if (name === '.git' || name === 'node_modules') continue;
      const entry = lstatSync(join(folder, path));
      const isRead = isPolicyDocument(path);
      if (entry.isDirectory()) walk(path);
      else if (entry.isSymbolicLink() && (isRead || isPolicyDocument(`${path}/x.yaml`)))
        unread.push(`${path} is a symbolic link, which Signalbox does not follow; put the file itself there.`);
      else if (!isRead || !entry.isFile()) continue;
      else if (entry.size > maxFileBytes)
        unread.push(`${path} has ${Math.ceil(entry.size / 1024)} KiB; at most 256 KiB are read.`);
      else {
        const text = textOf(readFileSync(join(folder, path)));
        if (text === undefined) unread.push(`${path} is not valid UTF-8 text.`);
        else files.set(path, { text, blob: sha256(text) });
      }
    }
  };
  walk('');
  // The files are not committed yet, so their content stands for the commit.
  const commit = sha256([...files].map(([path, { blob }]) => `${path} ${blob}\n`).join('')).slice(0, 40);
  const result = readRepository({ files, commit });
  return { shown: folder, commit, files: [...files.keys()], unread, result, infrastructure: readInfrastructure(files) };
}

function textOf(body: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}
