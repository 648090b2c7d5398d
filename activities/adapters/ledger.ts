import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { sha256 } from '../../src/canonical';
import { Refusal } from '../../src/errors';
import { signerOf, type Signer } from '../../src/ledger/chain';
import { chainPath, dayFolder, statePath } from '../../src/ledger/paths';
import type { AppliedState, LedgerEntry, LedgerRecord } from '../../src/ledger/record';
import { emptyState } from '../../src/ledger/state';
import type { ResourceState } from '../../src/resources/resource';
import { verifyLedger, type LedgerFiles, type Trust, type Verification } from '../../src/ledger/verify';
import { openMirror, type Mirror } from './git';
import { isAlive, sweepGitLocks } from './git-lock';
import { refName, remoteUrl } from './git-names';
import {
  foldersIn,
  listFolders,
  listTree,
  listUnder,
  readObjects,
  subFolders,
  type Folder,
  type TreeEntry,
} from './git-objects';
import { LedgerCommitter } from './ledger-committer';
import { LedgerTip } from './ledger-tip';

/** How old an answer of the ledger may be, ms; 0, and so a question to the remote, when absent. Own records always show. */
export interface LedgerAge {
  readonly maxAgeMs?: number;
}

/** The ledger: records and applied state on one Git ref. Reads ask the remote first and answer from the mirror while it is away. */
export interface Ledger {
  /** Said once at start when a signing key had to be made. */
  readonly keyNote?: string;
  /** What `audit verify` needs to trust this process's records. */
  readonly publicKeyPem: string;
  /**
   * Writes entries in one commit, together with whatever else waits. Resolves once they are at the remote; a repeat
   * resolves too. Throws `Refusal('ledger_refused')` whose `data.reason` is `conflict`, `declined`, `unreachable`,
   * `busy`, `rewritten`, `damaged` or `fenced` (its lane has passed on), and `TypeError` for entries that can never be written.
   */
  append(entries: readonly LedgerEntry[]): Promise<{ readonly commit: string }>;
  /** State of a service in an environment; an empty one when nothing was ever recorded. */
  readState(where: { readonly service: string; readonly environment: string }, age?: LedgerAge): Promise<AppliedState>;
  /** All records of one operation, oldest first; empty when there are none. */
  readOperation(operationId: string, age?: LedgerAge): Promise<readonly LedgerRecord[]>;
  /** Records since an instant (epoch ms), newest first; with `service`, those of its operations. */
  recent(about: {
    readonly service?: string;
    readonly sinceMs: number;
    readonly limit: number;
  }): Promise<readonly LedgerRecord[]>;
  /** Applied state of every service in every environment. */
  history(age?: LedgerAge): Promise<readonly AppliedState[]>;
  /** Everything that was ever provisioned and recorded, what has gone included. */
  resources(age?: LedgerAge): Promise<readonly ResourceState[]>;
  /** Asks the remote now. Throws `Refusal('ledger_refused')` when it is away. */
  fetch(): Promise<{ readonly commit?: string }>;
  /** What is known without asking, for health checks. */
  tip(): { readonly commit?: string; readonly seenAt?: string; readonly ageMs?: number };
  /** Everything at the tip, for `audit verify` and export. */
  readAll(): Promise<LedgerFiles>;
  verify(trust?: Trust): Promise<Verification>;
  /** Writes down what is known and ends what runs beside this process; it is started again by whoever asks later. */
  close(): Promise<void>;
}

export interface LedgerOptions {
  readonly url: string;
  /** Full ref, or a branch name. */
  readonly ref: string;
  /** Folder for the mirror and, without `signingKey`, for the key; processes may share it. */
  readonly dataDir: string;
  /** Ed25519 private key, PEM. */
  readonly signingKey?: string;
  readonly now: () => Date;
  /** Longest time of one command that talks to the remote, ms. */
  readonly timeoutMs?: number;
  /** Longest time an append waits for other writers, ms. */
  readonly maxWaitMs?: number;
  /** Pause between two commits in a row, ms: under load fewer of them carry more records each. */
  readonly gatherMs?: number;
  /** How long reads answer from the mirror at once after the remote failed to answer, ms. */
  readonly restMs?: number;
  /** For https remotes: their access token. */
  readonly token?: string;
}

/** How many days before the asked instant an operation may have been requested and still write records. */
const lookBackDays = 14;
const dayMs = 86_400_000;

/** Checks the settings and opens the mirror; the remote is asked at first use. Throws `Refusal('setting_invalid')`. */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const { dataDir, now } = options;
  const remote = remoteUrl(options.url, 'LEDGER_REPO');
  const ref = options.ref.startsWith('refs/') ? refName(options.ref) : `refs/heads/${refName(options.ref)}`;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const { signer, keyNote } = await signerFor(options);
  const folder = resolve(dataDir, `ledger-${sha256(`${remote.url} ${ref}`).slice(0, 12)}.git`);
  const mirror = await openMirror({ folder, remote, timeoutMs: options.timeoutMs ?? 15_000, token: options.token });
  await tidy(mirror);
  const tip = new LedgerTip({ mirror, now, restMs: options.restMs ?? 5000 }, ref);
  await tip.recall();
  const { maxWaitMs = 30_000, gatherMs = 60 } = options;
  const committer = new LedgerCommitter({ mirror, tip, signer, now, maxWaitMs, gatherMs });
  const reader = new LedgerReader(mirror, tip);
  return {
    keyNote,
    publicKeyPem: signer.publicKeyPem,
    append: (entries) => committer.append(entries),
    readState: (where, age) => reader.readState(where, age),
    readOperation: (operationId, age) => reader.readOperation(operationId, age),
    recent: (about) => reader.recent(about),
    history: (age) => reader.history(age),
    resources: (age) => reader.resources(age),
    fetch: async () => ({ commit: await tip.refresh() }),
    tip() {
      const { commit, seenAt } = tip;
      return { commit, seenAt: seenAt?.toISOString(), ageMs: seenAt && now().getTime() - seenAt.getTime() };
    },
    readAll: () => reader.readAll(),
    verify: async (trust) => verifyLedger(await reader.readAll(), trust),
    async close() {
      await tip.close();
      mirror.close();
    },
  };
}

class LedgerReader {
  /** A commit never changes, so what was read at the last one is read once, however many ask. */
  private readonly statesAt = atLastCommit((commit) => this.stateFiles.at(commit));
  private readonly resourcesAt = atLastCommit((commit) => this.resourceFiles.at(commit));
  private readonly daysAt = atLastCommit((commit) => this.days(commit));
  private readonly stateFiles: FolderReader<AppliedState>;
  private readonly resourceFiles: FolderReader<ResourceState>;

  constructor(
    private readonly mirror: Mirror,
    private readonly tip: LedgerTip,
  ) {
    const texts = (entries: readonly TreeEntry[]) => this.texts(entries);
    this.stateFiles = new FolderReader({ mirror, folder: 'state', texts });
    this.resourceFiles = new FolderReader({ mirror, folder: 'resources', texts });
  }

  async readState(
    where: { readonly service: string; readonly environment: string },
    age: LedgerAge = {},
  ): Promise<AppliedState> {
    const path = statePath(where);
    const commit = await this.tip.refreshOrRecall(age.maxAgeMs);
    const found = commit === undefined ? undefined : (await this.statesAt(commit)).get(path);
    return found ?? emptyState(where);
  }

  async history(age: LedgerAge = {}): Promise<readonly AppliedState[]> {
    const commit = await this.tip.refreshOrRecall(age.maxAgeMs);
    return commit === undefined ? [] : [...(await this.statesAt(commit)).values()];
  }

  async resources(age: LedgerAge = {}): Promise<readonly ResourceState[]> {
    const commit = await this.tip.refreshOrRecall(age.maxAgeMs);
    return commit === undefined ? [] : [...(await this.resourcesAt(commit)).values()];
  }

  async readOperation(operationId: string, age: LedgerAge = {}): Promise<readonly LedgerRecord[]> {
    const commit = await this.tip.refreshOrRecall(age.maxAgeMs);
    if (commit === undefined || !/^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(operationId)) return [];
    const folders = await subFolders(this.mirror, { parents: await this.daysAt(commit), name: operationId });
    const records = await this.records(await listUnder(this.mirror, folders));
    return records.sort((a, b) => a.sequence - b.sequence);
  }

  async recent(about: {
    readonly service?: string;
    readonly sinceMs: number;
    readonly limit: number;
  }): Promise<readonly LedgerRecord[]> {
    const commit = await this.tip.refreshOrRecall();
    if (commit === undefined) return [];
    const first = dayFolder(Math.max(0, about.sinceMs - lookBackDays * dayMs));
    const days = (await this.daysAt(commit)).filter(({ path }) => path >= first);
    const records = await this.records(await listUnder(this.mirror, days));
    const wanted = about.service === undefined ? undefined : operationsOf(about.service, records);
    return records
      .filter(({ at, operation }) => Date.parse(at) >= about.sinceMs && (wanted?.has(operation) ?? true))
      .sort((a, b) => b.sequence - a.sequence)
      .slice(0, about.limit);
  }

  async readAll(): Promise<LedgerFiles> {
    const commit = await this.tip.refreshOrRecall();
    if (commit === undefined) return { records: [], states: new Map(), keys: [] };
    const files = await this.texts(await listTree(this.mirror, { commit }));
    const under = (folder: string) => files.filter(({ path }) => path.startsWith(folder));
    return {
      records: under('operations/'),
      chain: files.find(({ path }) => path === chainPath)?.text,
      states: new Map(under('state/').map(({ path, text }) => [path, text])),
      resources: new Map(under('resources/').map(({ path, text }) => [path, text])),
      keys: under('keys/').map(({ text }) => text),
    };
  }

  /** `operations/2026/11/21`, for every day there is. */
  private async days(commit: string): Promise<readonly Folder[]> {
    const years = await listFolders(this.mirror, { commit, folders: ['operations'] });
    return foldersIn(this.mirror, await foldersIn(this.mirror, years));
  }

  private async records(entries: readonly TreeEntry[]): Promise<LedgerRecord[]> {
    return (await this.texts(entries)).map(({ text }) => JSON.parse(text) as LedgerRecord);
  }

  private async texts(entries: readonly TreeEntry[]): Promise<{ readonly path: string; readonly text: string }[]> {
    const blobs = entries.filter(({ type }) => type === 'blob');
    const bodies = await readObjects(this.mirror, [...new Set(blobs.map(({ id }) => id))]);
    return blobs.map(({ path, id }) => ({ path, text: bodies.get(id)?.toString('utf8') ?? '' }));
  }
}

/** A folder of JSON files at any commit; files that did not change since the last one are not read again. */
class FolderReader<Kept> {
  /** Path -> what was read there last: the next commit changes few of them. */
  private last: ReadonlyMap<string, { readonly id: string; readonly kept: Kept }> = new Map();

  constructor(
    private readonly spec: {
      readonly mirror: Mirror;
      readonly folder: string;
      readonly texts: (
        entries: readonly TreeEntry[],
      ) => Promise<readonly { readonly path: string; readonly text: string }[]>;
    },
  ) {}

  async at(commit: string): Promise<ReadonlyMap<string, Kept>> {
    const { mirror, folder, texts } = this.spec;
    const entries = await listTree(mirror, { commit, folders: [folder] });
    const before = this.last;
    const changed = await texts(entries.filter(({ path, id }) => before.get(path)?.id !== id));
    const read = new Map(changed.map(({ path, text }) => [path, JSON.parse(text) as Kept]));
    this.last = new Map(
      entries.flatMap(({ path, id }) => {
        const kept = read.get(path) ?? before.get(path)?.kept;
        return kept ? [[path, { id, kept }] as const] : [];
      }),
    );
    return new Map([...this.last].map(([path, { kept }]) => [path, kept]));
  }
}

/** Keeps the answer for the commit that was asked about last, also for those who ask while it is being read. */
function atLastCommit<Answer>(read: (commit: string) => Promise<Answer>): (commit: string) => Promise<Answer> {
  let last: { readonly commit: string; readonly answer: Promise<Answer> } | undefined;
  return (commit) => {
    if (last?.commit === commit) return last.answer;
    const asked = { commit, answer: read(commit) };
    last = asked;
    asked.answer.catch(() => {
      if (last === asked) last = undefined;
    });
    return asked.answer;
  };
}

/** Operations of which any record is about the service. */
function operationsOf(service: string, records: readonly LedgerRecord[]): ReadonlySet<string> {
  const about = ({ state, body }: LedgerRecord) => {
    const request = body.request;
    const asked = typeof request === 'object' && request !== null && 'service' in request ? request.service : undefined;
    return state?.service === service || body.service === service || asked === service;
  };
  return new Set(records.filter(about).map(({ operation }) => operation));
}

async function signerFor(options: LedgerOptions): Promise<{ readonly signer: Signer; readonly keyNote?: string }> {
  if (options.signingKey !== undefined) {
    try {
      return { signer: signerOf(options.signingKey) };
    } catch (error) {
      throw new Refusal(
        'setting_invalid',
        'LEDGER_KEY is not an Ed25519 private key in PEM, so no record could be signed; make one with "openssl genpkey -algorithm ed25519".',
        { cause: error },
      );
    }
  }
  const file = join(options.dataDir, 'ledger-key.pem');
  const made = await makeKey(file);
  const signer = signerOf(await readFile(file, 'utf8'));
  const how = made ? 'was made' : 'is used';
  return {
    signer,
    keyNote: `LEDGER_KEY is not set, so the key ${signer.keyId} in ${file} ${how} to sign records; set LEDGER_KEY to one you keep safe, because whoever can read this file can forge them.`,
  };
}

/** Makes a key unless there is one; of several processes that try at once, one wins and all use its key. */
async function makeKey(file: string): Promise<boolean> {
  const exists = await readFile(file).then(
    () => true,
    () => false,
  );
  if (exists) return false;
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  const aside = `${file}.${randomUUID()}`;
  await writeFile(aside, pem, { mode: 0o600, flag: 'wx' });
  try {
    await link(aside, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

/** What killed processes left: locks without an owner and refs of unfinished commits. */
async function tidy(mirror: Mirror): Promise<void> {
  await sweepGitLocks(mirror.folder, 2000);
  const refs = (await mirror.local(['for-each-ref', '--format=%(refname)', 'refs/signalbox/'])).toString('utf8');
  for (const ref of refs.split('\n')) {
    const pid = /^refs\/signalbox\/build-(\d+)-/.exec(ref)?.[1];
    if (pid !== undefined && !isAlive(Number(pid)))
      await mirror.local(['update-ref', '-d', ref]).catch(() => undefined);
  }
}
