import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a path holds: a file, a file with another mode (`120000` is a symlink), a submodule, or nothing any more. */
export type FileContent =
  | string
  | Uint8Array
  | { readonly mode: '100644' | '100755' | '120000'; readonly content: string | Uint8Array }
  | { readonly submodule: string }
  | null;

export type Files = { readonly [path: string]: FileContent };

export interface CommitOptions {
  /** Branch or full ref; `main` when absent. */
  readonly branch?: string;
  readonly author?: { readonly name: string; readonly email: string };
  /** ISO 8601; every commit of a repository is one second after the one before when absent. */
  readonly at?: string;
}

/** A real bare repository in a temporary folder, written with plumbing only. */
export interface TestRepository {
  /** What `POLICY_REPO` or `LEDGER_REPO` would be: a `file://` URL. */
  readonly url: string;
  readonly path: string;
  /** Adds, replaces and (with null) removes files on a branch; gives the new commit. */
  commit(files: Files, message?: string, options?: CommitOptions): Promise<string>;
  /** Commit at the tip of a branch. Throws when there is none. */
  head(branch?: string): Promise<string>;
  /** Text of one file at a commit or branch. */
  read(path: string, at?: string): Promise<string>;
  /** Any git command in this repository; gives its standard output. */
  git(args: readonly string[], input?: string | Uint8Array): Promise<string>;
  remove(): Promise<void>;
}

export async function makeRepository(
  given: { readonly files?: Files; readonly branch?: string; readonly message?: string } = {},
): Promise<TestRepository> {
  const path = await mkdtemp(join(tmpdir(), 'signalbox-repo-'));
  const git = (args: readonly string[], input?: string | Uint8Array) => runGit(path, args, input);
  await git(['init', '--quiet', '--bare', '--initial-branch=main', '.']);
  let seconds = Date.UTC(2026, 10, 2, 9, 0, 0) / 1000;

  const commit: TestRepository['commit'] = async (files, message = 'Change', options = {}) => {
    const branch = options.branch ?? given.branch ?? 'main';
    const ref = branch.startsWith('refs/') ? branch : `refs/heads/${branch}`;
    const author = options.author ?? { name: 'Test Author', email: 'author@example.com' };
    const when = options.at ? Math.floor(Date.parse(options.at) / 1000) : seconds++;
    const parts: Buffer[] = [
      Buffer.from(`commit ${ref}\n`),
      Buffer.from(`author ${author.name} <${author.email}> ${when} +0000\n`),
      Buffer.from(`committer ${author.name} <${author.email}> ${when} +0000\n`),
      data(message),
    ];
    const tip = (await git(['for-each-ref', '--format=%(objectname)', ref])).trim();
    if (tip) parts.push(Buffer.from(`from ${tip}\n`));
    for (const [file, content] of Object.entries(files)) parts.push(...change(file, content));
    parts.push(Buffer.from('\ndone\n'));
    await git(['fast-import', '--quiet', '--done', '--date-format=raw'], Buffer.concat(parts));
    return (await git(['rev-parse', '--verify', `${ref}^{commit}`])).trim();
  };

  const repository: TestRepository = {
    url: `file://${path}`,
    path,
    commit,
    git,
    head: async (branch = given.branch ?? 'main') =>
      (await git(['rev-parse', '--verify', `${branch}^{commit}`])).trim(),
    read: (file, at = given.branch ?? 'main') => git(['cat-file', 'blob', `${at}:${file}`]),
    remove: () => rm(path, { recursive: true, force: true }),
  };
  if (given.files) await commit(given.files, given.message ?? 'First');
  return repository;
}

function change(path: string, content: FileContent): Buffer[] {
  const quoted = JSON.stringify(path);
  if (content === null) return [Buffer.from(`D ${quoted}\n`)];
  if (typeof content === 'object' && 'submodule' in content)
    return [Buffer.from(`M 160000 ${content.submodule} ${quoted}\n`)];
  const file = typeof content === 'string' || content instanceof Uint8Array ? { mode: '100644', content } : content;
  return [Buffer.from(`M ${file.mode} inline ${quoted}\n`), data(file.content)];
}

function data(content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from(`data ${bytes.length}\n`), bytes, Buffer.from('\n')]);
}

function runGit(cwd: string, args: readonly string[], input?: string | Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', args, {
      cwd,
      env: {
        PATH: process.env.PATH,
        HOME: cwd,
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_AUTHOR_NAME: 'Test Author',
        GIT_AUTHOR_EMAIL: 'author@example.com',
        GIT_COMMITTER_NAME: 'Test Author',
        GIT_COMMITTER_EMAIL: 'author@example.com',
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(out).toString('utf8'));
      else reject(new Error(`git ${args.join(' ')} ended with ${code}: ${Buffer.concat(err).toString('utf8')}`));
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
