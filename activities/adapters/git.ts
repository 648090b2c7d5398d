import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { simpleGit, type SimpleGit } from 'simple-git';
import { ambient } from '../../src/config';
import { isObjectId, type RemoteUrl } from './git-names';
import { GitFailure, graceMs, runGit, wordsIn } from './git-process';
import { openObjectReader, type ObjectReader } from './git-reader';
import { TreeStore } from './git-trees';

export { GitFailure } from './git-process';

/** A bare repository of our own that is brought up to date from one remote. It holds nothing that cannot be lost. */
export interface Mirror {
  readonly folder: string;
  readonly remote: RemoteUrl;
  /** Runs a local plumbing command; `input` goes to its standard input. Throws `GitFailure`. */
  local(args: readonly string[], input?: string | Uint8Array): Promise<Buffer>;
  /** Tip of one full ref at the remote; undefined when there is none. Throws `GitFailure`. */
  remoteTip(ref: string): Promise<string | undefined>;
  fetch(options: readonly string[], refspecs: readonly string[]): Promise<void>;
  /** Moves a remote ref from `old` (undefined: it must not exist) to `commit`, or throws and leaves it. */
  push(move: { readonly ref: string; readonly old?: string; readonly commit: string }): Promise<void>;
  /** Objects of the mirror, read without a new process. */
  readonly objects: ObjectReader;
  readonly trees: TreeStore;
  /** Commit that a full ref of the mirror, or an object id, stands for; undefined when it is none. */
  commitAt(refOrId: string): Promise<string | undefined>;
  /** Throws everything away and starts empty. */
  rebuild(): Promise<void>;
  /** Ends what runs beside this process for the mirror; it is started again by whoever asks later. */
  close(): void;
}

/** One command that talks to the remote. */
export interface RemoteCommand {
  /** The command and its options, none of them from outside. */
  readonly fixed: readonly string[];
  readonly values: readonly string[];
  readonly env: { readonly [name: string]: string };
}

export interface MirrorOptions {
  readonly folder: string;
  readonly remote: RemoteUrl;
  /** Longest time of one command that talks to the remote, ms. */
  readonly timeoutMs: number;
  /** Sent to an https remote as its password; it reaches Git by environment, never as an argument or in a file. */
  readonly token?: string;
  /** Runs what talks to the remote, for whoever guards it; a plain child of this process without. Throws `GitFailure`. */
  readonly talk?: (command: RemoteCommand) => Promise<string>;
  /** Longest time of one local command, ms. */
  readonly localTimeoutMs?: number;
  /** Bytes that one local command may say. */
  readonly maxLocalBytes?: number;
}

/** Local commands read from disk: longer than this means the disk hangs. */
const patienceMs = 60_000;
const config = `[core]
	repositoryformatversion = 0
	filemode = true
	bare = true
	hooksPath = /dev/null
[gc]
	auto = 0
[maintenance]
	auto = false
[transfer]
	fsckObjects = true
[fetch "fsck"]
	zeroPaddedFilemode = warn
	badTimezone = warn
	missingSpaceBeforeDate = warn
[http]
	followRedirects = false
`;

export async function openMirror(options: MirrorOptions): Promise<Mirror> {
  const { folder, remote, timeoutMs, localTimeoutMs = patienceMs, maxLocalBytes } = options;
  await prepare(folder);
  const env = environmentOf(options);
  const talk = (fixed: readonly string[], values: readonly string[]): Promise<string> =>
    options.talk
      ? options.talk({ fixed, values, env })
      : withSimpleGit({ folder, env, timeoutMs, command: fixed[0]! }, (git) =>
          git.raw([...fixed, '--end-of-options', ...values]),
        );
  // A request is tried twice, and both together stay within the limit of one command.
  const objects = openObjectReader({ folder, env, timeoutMs: localTimeoutMs / 2 });
  return {
    folder,
    remote,
    objects,
    trees: new TreeStore(objects),
    local: (args, input) => runGit({ folder, env, args, input, timeoutMs: localTimeoutMs, maxBytes: maxLocalBytes }),
    async remoteTip(ref) {
      const out = await talk(['ls-remote'], [remote.url, ref]);
      const line = out.split('\n').find((each) => each.endsWith(`\t${ref}`));
      const id = line?.split('\t')[0];
      return id !== undefined && isObjectId(id) ? id : undefined;
    },
    async fetch(given, refspecs) {
      const fixed = ['--quiet', '--no-write-fetch-head', '--no-recurse-submodules', '--no-auto-maintenance'];
      await talk(['fetch', ...fixed, ...given], [remote.url, ...refspecs]);
    },
    async push({ ref, old, commit }) {
      const args = ['push', '--porcelain', '--no-verify', `--force-with-lease=${ref}:${old ?? ''}`];
      await talk(args, [remote.url, `${commit}:${ref}`]);
    },
    async commitAt(refOrId) {
      const name = `${refOrId}^{commit}`;
      try {
        return (await objects.infos([name])).get(name)?.id;
      } catch (error) {
        if (error instanceof GitFailure && error.kind === 'failed') return undefined;
        throw error;
      }
    },
    async rebuild() {
      await rm(folder, { recursive: true, force: true });
      await prepare(folder);
      // What it holds open is what was thrown away.
      objects.restart();
    },
    close: () => objects.restart(),
  };
}

/** Everything a Git child gets to see: from scratch, so that nobody's configuration or environment changes what it does. */
function environmentOf({ folder, remote, token }: MirrorOptions): { [name: string]: string } {
  const env: { [name: string]: string } = {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    ...ambient(['PATH', 'SSH_AUTH_SOCK', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'GIT_SSL_CAINFO', 'HTTPS_PROXY', 'NO_PROXY']),
    HOME: folder,
    // Without it a ruined mirror would make Git look for a repository in the folders above.
    GIT_DIR: folder,
    LC_ALL: 'C',
    GIT_ALLOW_PROTOCOL: remote.kind === 'local' ? 'https:ssh:file' : 'https:ssh',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_SSH_COMMAND: 'ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=10',
    GIT_OPTIONAL_LOCKS: '0',
    // What stands under an object id is what is read and verified, never something put in its place.
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_GRAFT_FILE: '/dev/null',
  };
  if (remote.kind !== 'https' || token === undefined) return env;
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
  return {
    ...env,
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `http.${new URL(remote.url).origin}/.extraHeader`,
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}`,
  };
}

async function withSimpleGit<T>(
  given: {
    readonly folder: string;
    readonly env: { [name: string]: string };
    readonly timeoutMs: number;
    readonly command: string;
  },
  work: (git: SimpleGit) => Promise<T>,
): Promise<T> {
  const { folder, env, timeoutMs, command } = given;
  const stop = new AbortController();
  const git = simpleGit({
    baseDir: folder,
    trimmed: true,
    abort: stop.signal,
    // The default also ends 50 ms after `exit`, which can cut the output short.
    completion: { onClose: true, onExit: false },
    allowEnvironment: Object.keys(env).filter((name) => name.startsWith('GIT_')),
    unsafe: { allowUnsafeConfigPaths: true, allowUnsafeSshCommand: true, allowUnsafeConfigEnvCount: true },
  }).env(env);
  const late = new GitFailure(command, `no answer within ${timeoutMs / 1000} s`, 'timeout');
  const timer = setTimeout(() => stop.abort(), timeoutMs);
  let last: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      work(git),
      // A child of git's that keeps the pipes open must not keep us.
      new Promise<never>((_, reject) => (last = setTimeout(() => reject(late), timeoutMs + graceMs))),
    ]);
  } catch (error) {
    if (error === late || stop.signal.aborted) throw late;
    throw new GitFailure(command, wordsIn(error instanceof Error ? error.message : String(error)));
  } finally {
    clearTimeout(timer);
    clearTimeout(last);
  }
}

/** Makes the bare repository if it is not there or not usable, and writes its configuration. */
async function prepare(folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true, mode: 0o700 });
  const env = { ...ambient(['PATH']), HOME: dirname(folder), GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' };
  const usable = (await readFile(join(folder, 'HEAD'), 'utf8').catch(() => '')).startsWith('ref: ');
  if (usable) return writeConfig(folder);
  const fresh = `${folder}.${randomUUID()}`;
  const args = ['init', '--quiet', '--bare', '--template=', '--initial-branch=none', '--end-of-options', fresh];
  await runGit({ folder: dirname(folder), env, args, timeoutMs: patienceMs });
  await writeConfig(fresh);
  try {
    await rename(fresh, folder);
  } catch {
    // Either another process was faster, or what lies there is a ruin.
    const theirs = (await readFile(join(folder, 'HEAD'), 'utf8').catch(() => '')).startsWith('ref: ');
    if (!theirs) {
      await rm(folder, { recursive: true, force: true });
      await rename(fresh, folder);
    } else await rm(fresh, { recursive: true, force: true });
  }
}

async function writeConfig(folder: string): Promise<void> {
  const file = join(folder, 'config');
  if ((await readFile(file, 'utf8').catch(() => '')) === config) return;
  const aside = `${file}.${randomUUID()}`;
  await writeFile(aside, config, { mode: 0o600 });
  await rename(aside, file);
}
