import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import type { SecretReference } from '../../src/connections/schema';
import type { Json, JsonObject } from '../../src/json';
import { folderOfFile } from '../../src/runbooks/tool-folders';
import { ProgramArguments } from '../processes/program-arguments';
import { StepError, StepFailed } from './outcomes';
import type { StepContext } from './step-kind';
import type { Workspace } from './workspace';

type SopsReference = Extract<SecretReference, { readonly sops: string }>;

/** Reads one value of a file that SOPS has encrypted; undefined when the file has no such value. */
export type SopsReader = (reference: SopsReference) => Promise<string | undefined>;

/** Longer than any decryption with a key that is at hand. */
const limitMs = 15_000;
const longest = 1024 * 1024;
/** What SOPS writes beside what it encrypts and opens the file with; anything else would have it ask others for a key. */
const ours = new Set([
  'age',
  'lastmodified',
  'mac',
  'mac_only_encrypted',
  'version',
  'unencrypted_suffix',
  'encrypted_suffix',
  'unencrypted_regex',
  'encrypted_regex',
  'unencrypted_comment_regex',
  'encrypted_comment_regex',
]);

/**
 * Decrypts with the real `sops` and an age key that only this runner has, for one attempt of a step. What comes out is
 * kept in memory only, and the program can neither reach the network, where the machine can cut it, nor be told by a
 * file to ask a key service.
 */
export function openSops(
  { workspace, run }: Pick<StepContext, 'workspace' | 'run'>,
  keyFile: string | undefined,
): SopsReader {
  const read = new Map<string, Promise<Json>>();
  return async ({ sops: path, key }) => {
    if (keyFile === undefined)
      throw new StepFailed(
        `The secret ${path}#${key} is encrypted with SOPS, and this process has no SOPS_KEY_FILE; whoever runs it can set that to a file with an age key.`,
      );
    let body = read.get(path);
    if (!body) read.set(path, (body = decrypted({ path, run, keyFile, workspace: await workspace() })));
    const value = valueAt(await body, key.split('.'));
    if (value === undefined || typeof value === 'string') return value || undefined;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    throw new StepFailed(`${key} in ${path} is no text; whoever wrote the reference names a value in it.`);
  };
}

async function decrypted(ask: {
  readonly path: string;
  readonly run: StepContext['run'];
  readonly keyFile: string;
  readonly workspace: Workspace;
}): Promise<Json> {
  const { path, run, keyFile, workspace } = ask;
  const file = join(workspace.folder(folderOfFile(path)), basename(path));
  await checkFile(path, file);
  const args = new ProgramArguments('decrypt', '--output-type=json').value(file);
  const env = { SOPS_AGE_KEY_FILE: keyFile, SOPS_DISABLE_VERSION_CHECK: 'true' };
  const heard: string[] = [];
  const end = await run({
    program: 'sops',
    args,
    env,
    network: 'none',
    limitMs,
    graceMs: 1_000,
    isPrivate: true,
    keepBytes: 4 * longest,
    onLine: (line, from) => void (from === 'stderr' && heard.push(line)),
  });
  if (end.code !== 0) throw failureOf(path, heard.join('\n'), end.lastError);
  return JSON.parse(end.stdout) as Json;
}

/** Looks at what SOPS would do with a file before SOPS does it. */
async function checkFile(path: string, file: string): Promise<void> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined)
    throw new StepFailed(`${path} is not in the policy repository at the commit that was approved.`);
  if (text.length > longest) throw new StepFailed(`${path} has more than 1 MiB, which is too much for secrets.`);
  const about = headerOf(text);
  if (about === undefined)
    throw new StepFailed(
      `${path} is not encrypted with SOPS, and a secret that everybody can read is none; encrypt it with "sops encrypt --in-place", and change what it held.`,
    );
  const [other] = Object.entries(about).filter(([name, value]) => !ours.has(name) && !isEmpty(value));
  if (other)
    throw new StepFailed(
      `${path} asks for a key elsewhere (${other[0].slice(0, 40)}), and only age keys that a runner has itself are used; whoever looks after the file encrypts it for the runner's age key alone.`,
    );
}

function headerOf(text: string): JsonObject | undefined {
  try {
    const { sops } = (parse(text, { maxAliasCount: 0 }) ?? {}) as { readonly sops?: Json };
    return typeof sops === 'object' && sops !== null && !Array.isArray(sops) ? (sops as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

function isEmpty(value: Json): boolean {
  return value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

function failureOf(path: string, said: string, last: string | undefined): StepError | StepFailed {
  if (/failed to load age identities|SOPS_AGE_KEY_FILE|no such file/i.test(said) && !/no identity matched/.test(said))
    return new StepError(
      'The file that SOPS_KEY_FILE names holds no age key that can be used; whoever runs this runner has to provide it.',
      { unsent: true },
    );
  if (/no identity matched|Failed to get the data key/i.test(said))
    return new StepFailed(
      `The key of this runner does not open ${path}; whoever looks after the file adds the runner's public key with "sops updatekeys", or the runner is given another.`,
    );
  if (/MAC mismatch/i.test(said))
    return new StepFailed(
      `${path} was changed without SOPS, so it is not believed; whoever looks after it restores it or edits it with sops.`,
    );
  return new StepFailed(`sops could not decrypt ${path}: ${(last ?? 'it does not say why').replace(/\.$/, '')}.`);
}

function valueAt(at: Json | undefined, way: readonly string[]): Json | undefined {
  const [name, ...rest] = way;
  if (name === undefined) return at;
  if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
  return valueAt((at as JsonObject)[name], rest);
}
