import { createPublicKey, type KeyObject } from 'node:crypto';
import { canonical } from '../canonical';
import { checkSignature, emptyChain, keyIdOf, noRecord, recordHash, recordText, type ChainHead } from './chain';
import { applyResource, type ResourceState } from '../resources/resource';
import { readRecordPath, resourcePath, statePath } from './paths';
import type { AppliedState, LedgerRecord } from './record';
import { applyChange } from './state';

export type FindingKind =
  | 'unreadable'
  | 'not_canonical'
  | 'misplaced'
  | 'duplicate'
  | 'gap'
  | 'broken_link'
  | 'no_signature'
  | 'bad_signature'
  | 'unknown_key'
  | 'wrong_head'
  | 'checkpoint_missed'
  | 'state_differs'
  | 'no_intent'
  | 'no_outcome';

export interface Finding {
  readonly kind: FindingKind;
  /** `broken`: the ledger was changed or damaged. `notice`: someone should look (an operation without an outcome). */
  readonly severity: 'broken' | 'notice';
  readonly path?: string;
  readonly sequence?: number;
  /** One full sentence. */
  readonly sentence: string;
}

/** A ledger as it lies in Git, read at one commit. */
export interface LedgerFiles {
  readonly records: readonly { readonly path: string; readonly text: string }[];
  /** Text of `chain.json`; undefined when there is none. */
  readonly chain?: string;
  /** `state/…` path -> text. */
  readonly states: ReadonlyMap<string, string>;
  /** `resources/…` path -> text. */
  readonly resources?: ReadonlyMap<string, string>;
  /** Public keys in PEM that the ledger itself carries. They prove consistency, not origin. */
  readonly keys: readonly string[];
}

export interface Trust {
  /** Public keys (PEM) that may sign. Absent: the ledger's own keys are taken, and origin is not proven. */
  readonly keys?: readonly string[];
  /** A head noted down earlier, outside the ledger: the only thing that shows a cut tail or a whole rewrite. */
  readonly checkpoint?: ChainHead;
}

export interface Verification {
  readonly ok: boolean;
  readonly records: number;
  readonly head: ChainHead;
  readonly findings: readonly Finding[];
}

interface Placed {
  readonly path: string;
  readonly record: LedgerRecord;
}

/** Verifies a whole ledger without Git, network or clock. Never throws on what it reads. */
export function verifyLedger(files: LedgerFiles, trust: Trust = {}): Verification {
  const findings: Finding[] = [];
  const placed = readAll(files, findings);
  const keys = keysOf(trust.keys ?? files.keys);
  for (const each of placed) checkOne(each, keys, findings);
  const ordered = placed.sort((a, b) => a.record.sequence - b.record.sequence);
  const head = checkChain(ordered, findings);
  checkHead({ files, head, checkpoint: trust.checkpoint, ordered }, findings);
  checkStates(ordered, files.states, findings);
  checkResources(ordered, files.resources ?? new Map(), findings);
  checkLifes(ordered, findings);
  return { ok: findings.every(({ severity }) => severity !== 'broken'), records: placed.length, head, findings };
}

function readAll({ records }: LedgerFiles, findings: Finding[]): Placed[] {
  return records.flatMap(({ path, text }) => {
    const record = parseRecord(text);
    if (!record) {
      findings.push(broken('unreadable', `${path} is not a record of the ledger.`, { path }));
      return [];
    }
    if (recordText(record) !== text)
      findings.push(broken('not_canonical', `${path} is not written the way Signalbox writes records.`, { path }));
    return [{ path, record }];
  });
}

function parseRecord(text: string): LedgerRecord | undefined {
  try {
    const value = JSON.parse(text) as Partial<LedgerRecord> | null;
    const whole =
      value?.format === 1 &&
      Number.isSafeInteger(value.sequence) &&
      typeof value.operation === 'string' &&
      typeof value.event === 'string' &&
      typeof value.at === 'string' &&
      typeof value.previous === 'string' &&
      typeof value.body === 'object' &&
      value.body !== null;
    return whole ? (value as LedgerRecord) : undefined;
  } catch {
    return undefined;
  }
}

function keysOf(pems: readonly string[]): ReadonlyMap<string, KeyObject> {
  const keys = new Map<string, KeyObject>();
  for (const pem of pems) {
    try {
      const key = createPublicKey(pem);
      if (key.asymmetricKeyType === 'ed25519') keys.set(keyIdOf(key), key);
    } catch {
      // A text that is no key signs nothing: the records it should vouch for are found as unknown_key.
    }
  }
  return keys;
}

function checkOne({ path, record }: Placed, keys: ReadonlyMap<string, KeyObject>, findings: Finding[]): void {
  const { sequence } = record;
  const says = readRecordPath(path);
  if (!says || says.operation !== record.operation || says.event !== record.event)
    findings.push(
      broken('misplaced', `${path} holds the ${record.event} of ${record.operation}, which belongs elsewhere.`, {
        path,
        sequence,
      }),
    );
  const verdict = checkSignature(record, keys);
  if (verdict === 'absent')
    findings.push(broken('no_signature', `Record ${sequence} is not signed.`, { path, sequence }));
  if (verdict === 'bad')
    findings.push(broken('bad_signature', `Record ${sequence} was changed after it was signed.`, { path, sequence }));
  if (verdict === 'unknown_key')
    findings.push(
      broken('unknown_key', `Record ${sequence} is signed by a key that is not trusted.`, { path, sequence }),
    );
}

function checkChain(ordered: readonly Placed[], findings: Finding[]): ChainHead {
  let head = emptyChain;
  for (const { path, record } of ordered) {
    const { sequence } = record;
    if (sequence === head.sequence)
      findings.push(broken('duplicate', `Sequence ${sequence} is there more than once.`, { path, sequence }));
    else if (sequence !== head.sequence + 1)
      findings.push(broken('gap', `Records ${head.sequence + 1} to ${sequence - 1} are missing.`, { path, sequence }));
    else if (record.previous !== (head.sequence === 0 ? noRecord : head.hash))
      findings.push(
        broken('broken_link', `Record ${sequence} does not follow from record ${head.sequence} as it is now.`, {
          path,
          sequence,
        }),
      );
    head = { sequence, hash: recordHash(record) };
  }
  return head;
}

function checkHead(
  given: {
    readonly files: LedgerFiles;
    readonly head: ChainHead;
    readonly checkpoint?: ChainHead;
    readonly ordered: readonly Placed[];
  },
  findings: Finding[],
): void {
  const { files, head, checkpoint, ordered } = given;
  const expected = ordered.length === 0 && files.chain === undefined ? undefined : chainText(head);
  if (files.chain !== expected)
    findings.push(
      broken(
        'wrong_head',
        `chain.json does not name record ${head.sequence}, the last one there is: the end was cut or moved.`,
      ),
    );
  if (!checkpoint) return;
  const noted = ordered.find(({ record }) => record.sequence === checkpoint.sequence);
  const kept = checkpoint.sequence === 0 || (noted !== undefined && recordHash(noted.record) === checkpoint.hash);
  if (!kept)
    findings.push(
      broken(
        'checkpoint_missed',
        `Record ${checkpoint.sequence} is not the one that was noted down: history was replaced or cut.`,
        {
          sequence: checkpoint.sequence,
        },
      ),
    );
}

/** Replays every change and compares: applied state is only ever what records say. */
function checkStates(ordered: readonly Placed[], states: ReadonlyMap<string, string>, findings: Finding[]): void {
  const replayed = new Map<string, AppliedState>();
  for (const { record, path } of ordered) {
    if (!record.state) continue;
    try {
      const where = statePath(record.state);
      replayed.set(where, applyChange(replayed.get(where), record.state));
    } catch {
      findings.push(broken('unreadable', `${path} changes a state that cannot exist.`, { path }));
    }
  }
  for (const path of new Set([...replayed.keys(), ...states.keys()])) {
    const state = replayed.get(path);
    if (state && states.get(path) === stateText(state)) continue;
    findings.push(broken('state_differs', `${path} does not say what the records say.`, { path }));
  }
}

/** The same for what was provisioned. */
function checkResources(ordered: readonly Placed[], resources: ReadonlyMap<string, string>, findings: Finding[]): void {
  const replayed = new Map<string, ResourceState>();
  for (const { record, path } of ordered) {
    for (const change of record.resources ?? [])
      try {
        const where = resourcePath(change);
        const after = applyResource(replayed.get(where), change);
        if (after) replayed.set(where, after);
      } catch {
        findings.push(broken('unreadable', `${path} changes a resource that cannot exist.`, { path }));
      }
  }
  for (const path of new Set([...replayed.keys(), ...resources.keys()])) {
    const resource = replayed.get(path);
    if (resource && resources.get(path) === resourceText(resource)) continue;
    findings.push(broken('state_differs', `${path} does not say what the records say.`, { path }));
  }
}

/** Effects without an intent, and intents whose outcome never came. */
function checkLifes(ordered: readonly Placed[], findings: Finding[]): void {
  const lifes = new Map<string, Set<string>>();
  for (const { record } of ordered)
    lifes.set(record.operation, (lifes.get(record.operation) ?? new Set()).add(record.event));
  for (const { record, path } of ordered) {
    const life = lifes.get(record.operation);
    const about = { path, sequence: record.sequence };
    if (record.event === 'intent' && !life?.has('outcome'))
      findings.push({
        kind: 'no_outcome',
        severity: 'notice',
        ...about,
        sentence: `${record.operation} began and has no outcome: it is still running, or was lost.`,
      });
    if (record.event === 'outcome' && record.state && !life?.has('intent'))
      findings.push({
        kind: 'no_intent',
        severity: 'notice',
        ...about,
        sentence: `${record.operation} changed what runs without an intent on record.`,
      });
  }
}

/** Text of `chain.json`. */
export function chainText(head: ChainHead): string {
  return `${canonical({ format: 1, sequence: head.sequence, hash: head.hash })}\n`;
}

/** Text of a state file. */
export function stateText(state: AppliedState): string {
  return `${canonical(state)}\n`;
}

/** Text of a resource's file. */
export function resourceText(resource: ResourceState): string {
  return `${canonical(JSON.parse(JSON.stringify(resource)))}\n`;
}

function broken(
  kind: FindingKind,
  sentence: string,
  about: { readonly path?: string; readonly sequence?: number } = {},
): Finding {
  return { kind, severity: 'broken', ...about, sentence };
}
