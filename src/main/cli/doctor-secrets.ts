import { readFile } from 'node:fs/promises';
import { lookAtVault } from '../../../activities/adapters/vault';
import { programAt } from '../../../activities/processes/isolation';
import { vaultSettingsOf } from '../stores';
import { failed, ok, type Check } from './doctor-finding';

/** Nothing is said of a Vault that no setting names: few companies have both. */
export const checkVault: Check = async (config) => {
  try {
    const settings = vaultSettingsOf(config);
    if (!settings) return [];
    const trouble = await lookAtVault(settings);
    return [trouble === undefined ? ok('Vault', 'It answers and knows this process.') : failed('Vault', trouble)];
  } catch (error) {
    return [failed('Vault', (error as Error).message)];
  }
};

export const checkSops: Check = async ({ SOPS_KEY_FILE: file }, io) => {
  if (file === undefined) return [];
  const key = await readFile(file, 'utf8').catch(() => '');
  const hasKey = /^AGE-(?:SECRET-KEY|PLUGIN)-/m.test(key);
  return [
    hasKey
      ? ok('SOPS key', 'The file holds an age key.')
      : failed('SOPS key', 'SOPS_KEY_FILE cannot be read, or holds no age key; make one with "age-keygen -o <file>".'),
    programAt('sops', io.env?.PATH) === undefined
      ? failed('sops', 'SOPS_KEY_FILE is set, but the program sops is not on PATH; install it where the runners are.')
      : ok('sops', 'It is installed.'),
  ];
};
