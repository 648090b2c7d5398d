import { readFile, realpath } from 'node:fs/promises';
import { sep } from 'node:path';
import { isOwnSetting } from '../../src/connections/check';
import type { SecretReference } from '../../src/connections/schema';
import { StepError, StepFailed } from './outcomes';
import type { Redactor } from './redact';
import type { VaultReader } from '../adapters/vault';
import type { SopsReader } from './sops';

/** Shorter ones cannot be masked without masking half of every message. */
const minLength = 8;
/** Where a deployment puts files of secrets. */
export const secretsFolder = '/run/secrets';

export interface SecretSources {
  readonly env: { readonly [name: string]: string | undefined };
  /** The only folder from which files are read. */
  readonly folder: string;
  /** What this process may read of Vault; absent where its settings name none. */
  readonly vault?: VaultReader;
  /** Files that SOPS has encrypted; absent where nothing of the policy repository is at hand. */
  readonly sops?: SopsReader;
}

/** Reads what a reference names, on this runner only, and masks it from here on. The value is never in a message. */
export async function resolveSecret(
  reference: SecretReference,
  sources: SecretSources,
  redactor: Redactor,
): Promise<string> {
  const name = nameOf(reference);
  const value = await valueOf(reference, sources);
  if (value === undefined)
    throw new StepError(`The secret ${name} is not there in this process; whoever runs it has to provide it.`, {
      unsent: true,
    });
  if (value.length < minLength)
    throw new StepFailed(
      `The secret ${name} has fewer than ${minLength} characters and cannot be kept out of messages.`,
    );
  redactor.add(value);
  return value;
}

function nameOf(reference: SecretReference): string {
  if ('env' in reference) return reference.env;
  if ('file' in reference) return reference.file;
  return `${'vault' in reference ? reference.vault : reference.sops}#${reference.key}`;
}

async function valueOf(reference: SecretReference, sources: SecretSources): Promise<string | undefined> {
  if ('env' in reference) return fromEnvironment(reference.env, sources);
  if ('file' in reference) return fromFile(reference.file, sources);
  if ('sops' in reference) {
    if (sources.sops) return sources.sops(reference);
    throw new StepFailed(
      `The secret ${nameOf(reference)} lies in a file of the policy repository, which only steps of a plan can read; name another place for it.`,
    );
  }
  if (sources.vault) return sources.vault(reference);
  throw new StepFailed(
    `The secret ${nameOf(reference)} lies in Vault, and this process has no VAULT_ADDR; whoever runs it can set that.`,
  );
}

function fromEnvironment(name: string, sources: SecretSources): string | undefined {
  if (isOwnSetting(name))
    throw new StepFailed(
      `${name} is a setting of Signalbox itself and is never sent to anybody; use another variable.`,
    );
  return sources.env[name] || undefined;
}

async function fromFile(path: string, sources: SecretSources): Promise<string | undefined> {
  try {
    const [file, folder] = await Promise.all([realpath(path), realpath(sources.folder)]);
    if (!file.startsWith(folder + sep)) throw new StepFailed(`The secret ${path} lies outside ${sources.folder}.`);
    return (await readFile(file, 'utf8')).trim() || undefined;
  } catch (error) {
    if (error instanceof StepFailed) throw error;
    return undefined;
  }
}
