import { createHash } from 'node:crypto';
import { canonical } from '../../src/canonical';
import { Refusal } from '../../src/errors';
import { emptyChain, recordText, seal, type ChainHead, type Signer } from '../../src/ledger/chain';
import { chainPath, keyPath, recordPath, resourcePath, statePath } from '../../src/ledger/paths';
import { fenceWords, isOlder, type Fence } from '../../src/ledger/fence';
import type { AppliedChange, AppliedState, DroppedChange, LedgerEntry, LedgerRecord } from '../../src/ledger/record';
import { applyChange } from '../../src/ledger/state';
import { chainText, resourceText, stateText } from '../../src/ledger/verify';
import { applyResource, objectionTo, type ResourceState } from '../../src/resources/resource';
import type { Mirror } from './git';
import { isObjectId } from './git-names';
import { listFolders, readObjects } from './git-objects';

/** Entries of one caller: written in one commit, or not at all. */
export type EntryGroup = readonly LedgerEntry[];

export interface BuiltCommit {
  /** Absent when every entry was there already. */
  readonly commit?: string;
  /** For each group: why it cannot be written; undefined when it is in the commit, or was there already. */
  readonly refusals: readonly (Refusal | undefined)[];
}

/** What the commit is built on. */
interface Tip {
  readonly head: ChainHead;
  /** Existing files among those the entries touch. */
  readonly files: ReadonlyMap<string, string>;
}

/**
 * Builds the commit that adds groups of entries to the ledger at `tip` (undefined: an empty ledger). Nothing but
 * objects of the mirror is written, so a commit that is not used leaves no trace. File names make a repeat harmless:
 * an entry that is there already with the same body is not written again.
 */
export async function buildCommit(
  mirror: Mirror,
  on: {
    readonly tip: string | undefined;
    readonly groups: readonly EntryGroup[];
    readonly signer: Signer;
    readonly now: Date;
    /** Unique to this process: two of them may share the mirror. */
    readonly buildRef: string;
  },
): Promise<BuiltCommit> {
  const tip = await readTip(mirror, on);
  const changes = new Map<string, string>();
  const bodies = new Map<string, string>();
  const refusals: (Refusal | undefined)[] = [];
  const added: LedgerEntry[] = [];
  let { head } = tip;
  const stateAt = (change: AppliedChange) =>
    fileIn<AppliedState>(changes.get(statePath(change)) ?? tip.files.get(statePath(change)), 'state/');
  const resourceAt: ResourceAt = (change) =>
    fileIn(changes.get(resourcePath(change)) ?? tip.files.get(resourcePath(change)), 'resources/');
  for (const group of on.groups) {
    const fresh =
      fencedOut(group, stateAt) ?? newEntries(group, { tip, bodies }, (entries) => takenOver(entries, resourceAt));
    refusals.push(fresh instanceof Refusal ? fresh : undefined);
    if (fresh instanceof Refusal) continue;
    for (const given of fresh) {
      const entry = withoutTaken(withoutLateChange(given, stateAt), resourceAt);
      const sealed = seal(entry, { head, signer: on.signer });
      head = sealed.head;
      added.push(entry);
      bodies.set(recordPath(entry), canonical(entry.body));
      changes.set(recordPath(entry), recordText(sealed.record));
      if (entry.state) changes.set(statePath(entry.state), stateText(applyChange(stateAt(entry.state), entry.state)));
      for (const change of entry.resources ?? []) {
        const resource = applyResource(resourceAt(change), change);
        if (resource) changes.set(resourcePath(resource), resourceText(resource));
      }
    }
  }
  if (added.length === 0) return { refusals };
  changes.set(chainPath, chainText(head));
  const key = keyPath(on.signer.keyId);
  if (!tip.files.has(key)) changes.set(key, on.signer.publicKeyPem);
  const stream = importStream({ ...on, changes, message: messageFor(added) });
  const out = await mirror.local(['fast-import', '--quiet', '--force', '--done', '--date-format=raw'], stream);
  const commit = out.toString('utf8').trim();
  if (!isObjectId(commit)) throw new Error(`git fast-import answered ${JSON.stringify(commit.slice(0, 80))}`);
  return { commit, refusals };
}

type StateAt = (change: AppliedChange) => AppliedState | undefined;

/**
 * Why a group may not be written any more: it would begin something, or say what runs, under a fence that is older than
 * one the ledger knows, also when its record is there already from an attempt whose answer was lost. What has its
 * outcome with it is over: it begins nothing, so it is kept as a record.
 */
function fencedOut(group: EntryGroup, stateAt: StateAt): Refusal | undefined {
  const late = group.find((entry) => {
    const isOver = group.some(({ event, operationId }) => event === 'outcome' && operationId === entry.operationId);
    return !isOver && newerFence(entry.state, stateAt) !== undefined;
  });
  if (!late?.state) return undefined;
  const { service, environment, fence } = late.state;
  return new Refusal(
    'ledger_refused',
    `The ${late.event} of ${late.operationId} was not written, because the lane of ${service} in ${environment} has passed to a later operation (its fence is ${fenceWords(fence!)}, the ledger knows ${fenceWords(newerFence(late.state, stateAt)!)}), so it may not begin; see what that one does, and ask again for what is still wanted.`,
    { data: { reason: 'fenced' } },
  );
}

type ResourceAt = (ref: { readonly kind: string; readonly name: string }) => ResourceState | undefined;

/** Why what a group would begin on a resource may not be begun any more. What ends with it begins nothing. */
function takenOver(entries: readonly LedgerEntry[], resourceAt: ResourceAt): Refusal | undefined {
  for (const { resources = [], operationId, event } of entries) {
    const isOver = entries.some((other) => other.event === 'outcome' && other.operationId === operationId);
    const [objection] = isOver ? [] : resources.flatMap((change) => objectionTo(change, resourceAt(change)) ?? []);
    if (objection !== undefined)
      return new Refusal(
        'ledger_refused',
        `The ${event} of ${operationId} was not written, because ${objection}; /provision list shows what there is, so ask again for what is still wanted.`,
        { data: { reason: 'fenced' } },
      );
  }
  return undefined;
}

/** An entry as it is written: what it would have begun on a resource, another one has; the record stays. */
function withoutTaken<Entry extends LedgerEntry>(entry: Entry, resourceAt: ResourceAt): Entry {
  const { resources } = entry;
  if (!resources?.some((change) => objectionTo(change, resourceAt(change)) !== undefined)) return entry;
  return { ...entry, resources: resources.filter((change) => objectionTo(change, resourceAt(change)) === undefined) };
}

/** The fence under which somebody later wrote what runs, if somebody did. */
function newerFence(change: AppliedChange | undefined, stateAt: StateAt): Fence | undefined {
  if (!change?.fence) return undefined;
  const known = stateAt(change)?.fence;
  return known && isOlder(change.fence, known) ? known : undefined;
}

/** An entry as it is written: a change under a fence that was overtaken is kept in the record and changes nothing. */
function withoutLateChange(entry: LedgerEntry, stateAt: StateAt): LedgerEntry & { readonly dropped?: DroppedChange } {
  const newer = newerFence(entry.state, stateAt);
  const { state: change, ...rest } = entry;
  if (!newer || !change?.fence) return entry;
  const because = `The lane had passed to a later operation (fence ${fenceWords(newer)} after ${fenceWords(change.fence)}), so this changed nothing of what is known to run.`;
  return { ...rest, dropped: { change, because } };
}

/** The entries of a group that are not there yet, or why the group cannot be written. */
function newEntries(
  group: EntryGroup,
  { tip, bodies }: { readonly tip: Tip; readonly bodies: ReadonlyMap<string, string> },
  objectionTo: (fresh: readonly LedgerEntry[]) => Refusal | undefined,
): LedgerEntry[] | Refusal {
  const fresh: LedgerEntry[] = [];
  const own = new Map<string, string>();
  for (const entry of group) {
    const path = recordPath(entry);
    const body = canonical(entry.body);
    const there = own.get(path) ?? bodies.get(path) ?? bodyIn(tip.files.get(path));
    if (there === undefined) {
      fresh.push(entry);
      own.set(path, body);
    } else if (there !== body)
      return new Refusal(
        'ledger_refused',
        `The ledger already holds ${path} and it says something else, so the new ${entry.event} of ${entry.operationId} was not written; records are never changed, and whoever runs Signalbox has to find out which of the two is true.`,
        { data: { reason: 'conflict', path } },
      );
  }
  return objectionTo(fresh) ?? fresh;
}

async function readTip(
  mirror: Mirror,
  {
    tip,
    groups,
    signer,
  }: { readonly tip: string | undefined; readonly groups: readonly EntryGroup[]; readonly signer: Signer },
): Promise<Tip> {
  if (tip === undefined) return { head: emptyChain, files: new Map() };
  const paths = new Set([chainPath, keyPath(signer.keyId)]);
  for (const entry of groups.flat()) {
    paths.add(recordPath(entry));
    if (entry.state) paths.add(statePath(entry.state));
    for (const change of entry.resources ?? []) paths.add(resourcePath(change));
  }
  const bodies = await readObjects(
    mirror,
    [...paths].map((path) => `${tip}:${path}`),
  );
  const files = new Map([...bodies].map(([name, body]) => [name.slice(tip.length + 1), body.toString('utf8')]));
  const chain = files.get(chainPath);
  if (chain !== undefined) return { head: headIn(chain), files };
  if ((await listFolders(mirror, { commit: tip, folders: ['operations'] })).length > 0)
    throw damaged('chain.json is missing');
  return { head: emptyChain, files };
}

function headIn(text: string): ChainHead {
  try {
    const { sequence, hash } = JSON.parse(text) as Partial<ChainHead>;
    if (Number.isSafeInteger(sequence) && typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash))
      return { sequence: sequence as number, hash };
  } catch {
    // Said below.
  }
  throw damaged('chain.json cannot be read');
}

function damaged(what: string): Refusal {
  return new Refusal(
    'ledger_refused',
    `Nothing was written, because the ledger is damaged: ${what}; whoever runs Signalbox has to run "signalbox audit verify" and mend it.`,
    { data: { reason: 'damaged' } },
  );
}

function bodyIn(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    return canonical((JSON.parse(text) as LedgerRecord).body);
  } catch {
    return '';
  }
}

function fileIn<Kept>(text: string | undefined, folder: string): Kept | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Kept;
  } catch {
    throw damaged(`a file under ${folder} cannot be read`);
  }
}

function messageFor(added: readonly LedgerEntry[]): string {
  const [first] = added;
  if (first && added.length === 1) return `${first.event} of ${first.operationId}`;
  const operations = [...new Set(added.map(({ operationId }) => operationId))];
  return `${added.length} records\n\n${operations.slice(0, 50).join('\n')}`;
}

function importStream(given: {
  readonly tip: string | undefined;
  readonly now: Date;
  readonly buildRef: string;
  readonly changes: ReadonlyMap<string, string>;
  readonly message: string;
}): string {
  const seconds = Math.floor(given.now.getTime() / 1000);
  const files = [...given.changes].map(([path, text]) => `M 100644 inline ${path}\n${data(text)}`);
  return [
    `commit ${given.buildRef}\n`,
    'mark :1\n',
    `committer Signalbox <signalbox@localhost> ${seconds} +0000\n`,
    data(given.message),
    given.tip === undefined ? '' : `from ${given.tip}\n`,
    ...files,
    '\nget-mark :1\ndone\n',
  ].join('');
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`;
}

/** Name of a build ref that no other process uses. */
export function buildRefFor(seed: string): string {
  return `refs/signalbox/build-${process.pid}-${createHash('sha256').update(seed).digest('hex').slice(0, 8)}`;
}
