import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Secrets of the demo, made once and readable by their owner only. Paths by setting name. */
export function ensureKeys(folder) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const made = {
    RELAY_KEY: () => randomBytes(32).toString('hex'),
    BLOB_KEY: () => randomBytes(32).toString('hex'),
    LEDGER_KEY: () => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }),
    TOKEN: () => randomBytes(24).toString('hex'),
  };
  return Object.fromEntries(
    Object.entries(made).map(([name, make]) => {
      const file = join(folder, name.toLowerCase().replace('_', '-'));
      if (!existsSync(file)) writeFileSync(file, make(), { mode: 0o600 });
      return [name, file];
    }),
  );
}

export const readKey = (file) => readFileSync(file, 'utf8').trim();
