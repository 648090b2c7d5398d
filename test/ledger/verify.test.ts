import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { canonical } from '../../src/canonical';
import {
  emptyChain,
  recordHash,
  recordText,
  seal,
  signerOf,
  type ChainHead,
  type Signer,
} from '../../src/ledger/chain';
import { keyPath, readRecordPath, recordPath, statePath } from '../../src/ledger/paths';
import type { AppliedState, LedgerEntry, LedgerRecord } from '../../src/ledger/record';
import { applyChange } from '../../src/ledger/state';
import { chainText, stateText, verifyLedger, type FindingKind, type LedgerFiles } from '../../src/ledger/verify';

const newSigner = (): Signer =>
  signerOf(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
const signer = newSigner();
const stranger = newSigner();

const entries: readonly LedgerEntry[] = Array.from({ length: 4 }, (_, n) => `deploy-${n}`).flatMap(
  (operationId, n): LedgerEntry[] => {
    const base = { operationId, at: `2026-11-21T1${n}:00:00.000Z`, day: '2026-11-21' };
    const change = {
      service: 'checkout',
      environment: 'production',
      version: `v${n}`,
      operation: operationId,
      at: base.at,
    };
    return [
      { ...base, event: 'request', index: 0, body: { by: 'U1', n } },
      { ...base, event: 'vote', index: 1, body: { by: 'U2', decision: 'approve' } },
      { ...base, event: 'intent', index: 2, body: {} },
      { ...base, event: 'outcome', index: 3, body: { sentence: 'It runs.' }, state: { kind: 'succeeded', ...change } },
    ];
  },
);

interface Writable {
  records: { path: string; text: string }[];
  chain?: string;
  states: Map<string, string>;
  keys: string[];
}

/** A whole ledger, as the committer writes it. */
function write(given: readonly LedgerEntry[], by: Signer = signer): Writable & { head: ChainHead } {
  let head = emptyChain;
  const states = new Map<string, AppliedState>();
  const records = given.map((entry) => {
    const sealed = seal(entry, { head, signer: by });
    head = sealed.head;
    if (entry.state) states.set(statePath(entry.state), applyChange(states.get(statePath(entry.state)), entry.state));
    return { path: recordPath(entry), text: recordText(sealed.record) };
  });
  const texts = new Map([...states].map(([path, state]) => [path, stateText(state)]));
  return { records, chain: chainText(head), states: texts, keys: [by.publicKeyPem], head };
}

const trust = { keys: [signer.publicKeyPem] };
const recordIn = (ledger: Writable, at: number): LedgerRecord =>
  JSON.parse(ledger.records[at]?.text ?? '') as LedgerRecord;
const replace = (ledger: Writable, at: number, record: unknown): void => {
  const { path = '' } = ledger.records[at] ?? {};
  ledger.records[at] = { path, text: `${canonical(record)}\n` };
};

describe('a ledger nobody touched', () => {
  it('verifies, whatever order its files come in', () => {
    const { head, ...ledger } = write(entries);
    ledger.records.reverse();
    expect(verifyLedger(ledger, trust)).toEqual({ ok: true, records: 16, head, findings: [] });
    expect(verifyLedger(ledger).ok).toBe(true);
  });

  it('verifies when it is empty', () => {
    expect(verifyLedger({ records: [], states: new Map(), keys: [] })).toMatchObject({ ok: true, records: 0 });
  });

  it('verifies against a head that was noted down earlier', () => {
    const checkpoint = write(entries.slice(0, 5)).head;
    expect(verifyLedger(write(entries), { ...trust, checkpoint }).ok).toBe(true);
  });

  it('names operations whose outcome never came, and changes without an intent, without calling them broken', () => {
    const given = entries.filter(({ operationId, event }) => !(operationId === 'deploy-1' && event === 'outcome'));
    const unannounced = given.filter(({ operationId, event }) => !(operationId === 'deploy-2' && event === 'intent'));
    const { ok, findings } = verifyLedger(write(unannounced), trust);
    expect(ok).toBe(true);
    expect(findings.map(({ kind, severity }) => [kind, severity])).toEqual([
      ['no_outcome', 'notice'],
      ['no_intent', 'notice'],
    ]);
  });
});

describe('a ledger somebody touched', () => {
  it.each<[string, FindingKind, (ledger: Writable) => void]>([
    [
      'a changed body',
      'bad_signature',
      (l) => replace(l, 5, { ...recordIn(l, 5), body: { by: 'U9', decision: 'approve' } }),
    ],
    ['a changed instant', 'bad_signature', (l) => replace(l, 5, { ...recordIn(l, 5), at: '2020-01-01T00:00:00.000Z' })],
    ['a changed state change', 'bad_signature', (l) => replace(l, 3, { ...recordIn(l, 3), state: undefined })],
    ['an added field', 'bad_signature', (l) => replace(l, 5, { ...recordIn(l, 5), note: 'x' })],
    ['a stripped signature', 'no_signature', (l) => replace(l, 5, { ...recordIn(l, 5), signature: '' })],
    ['a missing signature', 'no_signature', (l) => replace(l, 5, { ...recordIn(l, 5), signature: undefined })],
    [
      'a signature of another record',
      'bad_signature',
      (l) => replace(l, 5, { ...recordIn(l, 5), signature: recordIn(l, 6).signature }),
    ],
    [
      'a signature spelled otherwise',
      'bad_signature',
      (l) => replace(l, 5, { ...recordIn(l, 5), signature: recordIn(l, 5).signature.replace(/=+$/, '') }),
    ],
    ['a deleted record', 'gap', (l) => l.records.splice(5, 1)],
    ['a deleted first record', 'gap', (l) => l.records.splice(0, 1)],
    ['a cut tail', 'wrong_head', (l) => l.records.splice(14)],
    [
      'two files that changed places',
      'misplaced',
      (l) => ([l.records[4]!.text, l.records[8]!.text] = [l.records[8]!.text, l.records[4]!.text]),
    ],
    [
      'a record copied to another place',
      'duplicate',
      (l) => l.records.push({ path: 'operations/2026/11/21/deploy-1/09-vote.json', text: l.records[5]!.text }),
    ],
    [
      'a record under another operation',
      'misplaced',
      (l) => (l.records[5]!.path = 'operations/2026/11/21/deploy-9/01-vote.json'),
    ],
    ['a record by a key nobody trusts', 'unknown_key', (l) => replace(l, 5, resign(recordIn(l, 5), stranger))],
    [
      'a record signed anew with the right key',
      'broken_link',
      (l) => replace(l, 5, resign({ ...recordIn(l, 5), body: { by: 'U9' } }, signer)),
    ],
    ['other white space', 'not_canonical', (l) => (l.records[5]!.text = JSON.stringify(recordIn(l, 5), null, 1))],
    ['a text that is no record', 'unreadable', (l) => (l.records[5]!.text = '{"format":2}')],
    ['a text that is no JSON', 'unreadable', (l) => (l.records[5]!.text = '{')],
    ['a moved head', 'wrong_head', (l) => (l.chain = chainText({ sequence: 15, hash: recordHash(recordIn(l, 14)) }))],
    ['a missing head', 'wrong_head', (l) => delete l.chain],
    ['a head of an empty ledger', 'wrong_head', (l) => l.records.splice(0)],
    [
      'a changed state',
      'state_differs',
      (l) => l.states.forEach((text, path) => l.states.set(path, text.replace('v3', 'v1'))),
    ],
    ['a deleted state', 'state_differs', (l) => l.states.clear()],
    ['a state nobody recorded', 'state_differs', (l) => l.states.set('state/production/ghost.json', '{}')],
  ])('is found out: %s', (_, kind, change) => {
    const ledger = write(entries);
    change(ledger);
    const { ok, findings } = verifyLedger(ledger, trust);
    expect(ok).toBe(false);
    expect(findings.map((finding) => finding.kind)).toContain(kind);
  });

  it.each<[string, () => LedgerFiles]>([
    ['a cut tail with a head to match', () => write(entries.slice(0, 12))],
    [
      'a ledger written anew with the right key',
      () => write(entries.map((entry) => ({ ...entry, body: { by: 'U9' } }))),
    ],
    ['a ledger that is gone', () => ({ records: [], states: new Map(), keys: [] })],
  ])('is found out only by a head noted down elsewhere: %s', (_, forge) => {
    expect(verifyLedger(forge(), trust).ok).toBe(true);
    const { findings } = verifyLedger(forge(), { ...trust, checkpoint: write(entries).head });
    expect(findings.map(({ kind }) => kind)).toEqual(['checkpoint_missed']);
  });

  it('is found out when everything was signed with a key of its own', () => {
    const forged = write(entries, stranger);
    expect(verifyLedger(forged).ok).toBe(true);
    expect(verifyLedger(forged, trust).findings.map(({ kind }) => kind)).toContain('unknown_key');
  });

  it('is found out whichever byte of whichever file was changed', () => {
    const ledger = write(entries);
    const byte = fc.record({ file: fc.nat(15), at: fc.nat(100_000), to: fc.integer({ min: 32, max: 126 }) });
    fc.assert(
      fc.property(byte, ({ file, at, to }) => {
        const records = ledger.records.map((record) => ({ ...record }));
        const record = records[file]!;
        const index = at % record.text.length;
        const changed = record.text.slice(0, index) + String.fromCharCode(to) + record.text.slice(index + 1);
        fc.pre(changed !== record.text);
        record.text = changed;
        return !verifyLedger({ ...ledger, records }, trust).ok;
      }),
      { numRuns: 400 },
    );
  });
});

describe('places in the ledger', () => {
  it('are the same for the same record, and can be read back', () => {
    const path = recordPath({ day: '2026-11-21', operationId: 'deploy-a', event: 'vote', index: 7 });
    expect(path).toBe('operations/2026/11/21/deploy-a/07-vote.json');
    expect(readRecordPath(path)).toEqual({ day: '2026-11-21', operation: 'deploy-a', index: 7, event: 'vote' });
    expect(readRecordPath('operations/2026/11/21/deploy-a/07-rumour.json')).toBeUndefined();
    expect(keyPath('0123456789abcdef')).toBe('keys/0123456789abcdef.pem');
  });

  it.each(['..', '.', '', 'a/b', 'a\nb', 'a..b', 'x.lock', 'end.', '-x', 'é', 'x'.repeat(201)])(
    'never hold a part such as %j',
    (service) => expect(() => statePath({ environment: 'production', service })).toThrow(TypeError),
  );
});

function resign({ signature: _, ...unsigned }: LedgerRecord, by: Signer): LedgerRecord {
  return { ...unsigned, signature: `${by.keyId}:${by.sign(canonical(unsigned))}` };
}
