import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { openBlobStore, type BlobStore } from '../../activities/adapters/blob-store';
import { openCodeRepository } from '../../activities/adapters/code-repository';
import { openLedger, type Ledger } from '../../activities/adapters/ledger';
import { openPolicyRepository, type PolicyRepository } from '../../activities/adapters/policy-repository';
import { openVault, type VaultReader, type VaultSettings } from '../../activities/adapters/vault';
import { Redactor } from '../../activities/steps/redact';
import { resolveSecret, secretsFolder } from '../../activities/steps/secrets';
import { approvedPolicy } from '../../activities/worker/approved-policy';
import { createCodeSource, type CodeSource } from '../../activities/worker/code-source';
import { createPolicySource, type WatchedPolicySource } from '../../activities/worker/policy-source';
import { secretsEnvironment, type Config } from '../config';
import { Refusal } from '../errors';
import { readSigners, type Signer } from '../policy/signers';

type StoreConfig = Pick<
  Config,
  | 'POLICY_REPO'
  | 'POLICY_REF'
  | 'POLICY_POLL_MS'
  | 'POLICY_SIGNERS'
  | 'LEDGER_REPO'
  | 'LEDGER_REF'
  | 'LEDGER_KEY'
  | 'BLOB_STORE'
  | 'BLOB_KEY'
  | 'DATA_DIR'
>;

/** Folder of one process for things that can be lost: two processes never share a mirror. */
function dataDir({ DATA_DIR }: Pick<Config, 'DATA_DIR'>, purpose: string): string {
  const folder = join(DATA_DIR, purpose);
  mkdirSync(folder, { recursive: true });
  return folder;
}

export async function openLedgerOf(config: StoreConfig, purpose: string, log: Logger): Promise<Ledger> {
  const ledger = await openLedger({
    url: config.LEDGER_REPO,
    ref: config.LEDGER_REF,
    dataDir: dataDir(config, `${purpose}/ledger`),
    signingKey: config.LEDGER_KEY,
    now: () => new Date(),
  });
  if (ledger.keyNote) log.warn(ledger.keyNote);
  return ledger;
}

/** For a process that writes no records: its key lives in memory only and signs nothing. */
export async function openLedgerReader(
  config: StoreConfig,
  purpose: string,
): Promise<Pick<Ledger, 'history' | 'readState' | 'resources' | 'close'>> {
  const { privateKey } = generateKeyPairSync('ed25519');
  return openLedger({
    url: config.LEDGER_REPO,
    ref: config.LEDGER_REF,
    dataDir: dataDir(config, `${purpose}/ledger`),
    signingKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    now: () => new Date(),
  });
}

export async function openBlobs(config: StoreConfig, log: Logger): Promise<BlobStore> {
  const blobs = await openBlobStore({ location: config.BLOB_STORE, key: config.BLOB_KEY });
  if (blobs.keyNote) log.warn(blobs.keyNote);
  return blobs;
}

/** Keys of the file that `POLICY_SIGNERS` names. Throws `Refusal('setting_invalid')`, because less would be no check. */
export function trustedSigners(file: string | undefined): readonly Signer[] | undefined {
  if (file === undefined) return undefined;
  const read = readSigners(textOf(file));
  if (read.ok) return read.signers;
  throw new Refusal(
    'setting_invalid',
    `POLICY_SIGNERS names ${file}, which cannot be used (${read.problems.join('; ')}); write one public key a line, such as "ssh-ed25519 AAAA… ann@company.example".`,
  );
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Refusal(
      'setting_invalid',
      `POLICY_SIGNERS names ${file}, which cannot be read (${(error as NodeJS.ErrnoException).code}); write the keys that may sign policy commits there, or leave the setting out.`,
    );
  }
}

type VaultConfig = Partial<
  Pick<Config, 'VAULT_ADDR' | 'VAULT_NAMESPACE' | 'VAULT_TOKEN_FILE' | 'VAULT_ROLE_ID' | 'VAULT_SECRET_ID_FILE'>
>;

/** What reads secrets of Vault; undefined where no VAULT_ADDR is set. Throws `Refusal` where nothing says as whom. */
export function openVaultOf(config: VaultConfig): VaultReader | undefined {
  const settings = vaultSettingsOf(config);
  return settings && openVault(settings);
}

/** Where Vault is, and as whom to go there; undefined where no VAULT_ADDR is set. Throws `Refusal` where nothing says as whom. */
export function vaultSettingsOf(config: VaultConfig): VaultSettings | undefined {
  const { VAULT_ADDR: origin, VAULT_NAMESPACE: namespace, VAULT_TOKEN_FILE: tokenFile } = config;
  const { VAULT_ROLE_ID: roleId, VAULT_SECRET_ID_FILE: secretIdFile } = config;
  if (origin === undefined) return undefined;
  const login =
    tokenFile !== undefined
      ? { tokenFile }
      : roleId !== undefined && secretIdFile
        ? { roleId, secretIdFile }
        : undefined;
  if (login) return { origin, namespace, login, now: () => Date.now() };
  throw new Refusal(
    'setting_invalid',
    'VAULT_ADDR is set, but nothing says who this process is there; set VAULT_TOKEN_FILE, or VAULT_ROLE_ID and VAULT_SECRET_ID_FILE.',
  );
}

/** Code repositories of services: a mirror each, brought up to date when somebody asks. */
export function openCode(config: Pick<Config, 'DATA_DIR'> & VaultConfig, purpose: string): CodeSource {
  const folder = dataDir(config, `${purpose}/code`);
  const secrets = { env: secretsEnvironment(), folder: secretsFolder, vault: openVaultOf(config) };
  return createCodeSource({
    open: (connection) => openCodeRepository({ ...connection, dataDir: folder, now: () => Date.now() }),
    secretOf: (reference) => resolveSecret(reference, secrets, new Redactor()),
    now: () => Date.now(),
  });
}

export interface PolicyAccess {
  readonly source: WatchedPolicySource;
  readonly repository: PolicyRepository;
  stop(): Promise<void>;
}

/** The policy in force, kept fresh in the background so that no request waits for Git. */
export async function openPolicy(
  config: StoreConfig,
  { purpose, ledger }: { readonly purpose: string; readonly ledger: Pick<Ledger, 'readState'> },
): Promise<PolicyAccess> {
  const repository = openPolicyRepository({
    url: config.POLICY_REPO,
    ref: config.POLICY_REF,
    dataDir: dataDir(config, `${purpose}/policy`),
    now: () => Date.now(),
    timeoutMs: 30_000,
  });
  const source = createPolicySource({
    mirror: repository,
    freshMs: config.POLICY_POLL_MS * 2,
    trusted: trustedSigners(config.POLICY_SIGNERS),
    approved: () => approvedPolicy(ledger),
    now: () => Date.now(),
  });
  const timer = setInterval(() => void source.refresh(), config.POLICY_POLL_MS);
  timer.unref();
  return {
    source,
    repository,
    async stop() {
      clearInterval(timer);
      await repository.close();
    },
  };
}
