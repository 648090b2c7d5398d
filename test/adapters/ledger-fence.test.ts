import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLedger, type Ledger } from '../../activities/adapters/ledger';
import type { AppliedChange, LedgerEntry, LedgerRecord } from '../../src/ledger/record';
import { makeRepository, type TestRepository } from '../helpers/git-repository';

let remote: TestRepository;
let ledger: Ledger;
let folders: string[] = [];

beforeEach(async () => {
  remote = await makeRepository();
  ledger = await open();
});
afterEach(async () => {
  await remote.remove();
  for (const folder of folders) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  folders = [];
});

async function open(): Promise<Ledger> {
  const dataDir = await mkdtemp(join(tmpdir(), 'signalbox-fence-'));
  folders.push(dataDir);
  return openLedger({ url: remote.url, ref: 'ledger', now: () => new Date(), restMs: 0, dataDir });
}

const at = '2026-11-21T10:00:00.000Z';
const where = { service: 'checkout', environment: 'production' };

type Said =
  { kind: 'entered' } | { kind: 'started' | 'succeeded'; version: string } | { kind: 'rolled_back'; to: string };

function entry(operation: string, event: 'intent' | 'outcome', number: number, said: Said): LedgerEntry {
  const state = { ...where, ...said, operation, at, fence: { epoch: 1, number } } as AppliedChange;
  const index = event === 'intent' ? 0 : 1;
  return { operationId: operation, event, index, at, day: '2026-11-21', body: { said: said.kind }, state };
}

const intent = (operation: string, number: number): LedgerEntry =>
  entry(operation, 'intent', number, { kind: 'started', version: operation });

const fenced = { code: 'ledger_refused', data: { reason: 'fenced' } };

async function record(operation: string, name: string): Promise<LedgerRecord> {
  return JSON.parse(await remote.read(`operations/2026/11/21/${operation}/${name}.json`, 'ledger')) as LedgerRecord;
}

test.each([
  ['of a deploy', intent('late', 1)],
  ['of work without a version', entry('late', 'intent', 1, { kind: 'entered' })],
])('the intent %s under an older fence is refused, and says why and what to do', async (_what, late) => {
  await ledger.append([intent('newer', 2)]);

  await expect(ledger.append([late])).rejects.toMatchObject({
    ...fenced,
    message: expect.stringMatching(/late.*lane of checkout in production.*1\.1.*1\.2.*ask again/),
  });

  expect(await ledger.readOperation('late')).toEqual([]);
  expect(await ledger.readState(where)).toMatchObject({ changing: { operation: 'newer' }, fence: { number: 2 } });
});

test('the next holder, the same one, and another lane go on', async () => {
  await ledger.append([intent('first', 1)]);
  await ledger.append([intent('second', 2), entry('second', 'outcome', 2, { kind: 'succeeded', version: 'second' })]);
  const other = intent('other', 1);
  await ledger.append([{ ...other, state: { ...other.state!, service: 'search' } }]);
  await ledger.append([{ ...entry('plain', 'intent', 0, { kind: 'entered' }), state: undefined }]);

  expect(await ledger.verify()).toMatchObject({ ok: true, records: 5 });
});

test('the outcome of one that was overtaken is kept, and what it says of the state changes nothing', async () => {
  await ledger.append([intent('slow', 1)]);
  await ledger.append([intent('newer', 2)]);
  const outcome = entry('slow', 'outcome', 1, { kind: 'rolled_back', to: 'v0' });

  await ledger.append([outcome]);
  await ledger.append([outcome]);

  const kept = await record('slow', '01-outcome');
  expect(kept).not.toHaveProperty('state');
  expect(kept.body).toEqual(outcome.body);
  expect(kept.dropped).toEqual({ change: outcome.state, because: expect.stringContaining('fence 1.2 after 1.1') });
  expect(await ledger.readState(where)).toMatchObject({ changing: { operation: 'newer' } });
  expect(await ledger.verify({ keys: [ledger.publicKeyPem] })).toMatchObject({ ok: true, records: 3 });
});

test('an intent that comes late together with its outcome begins nothing, so both are kept', async () => {
  await ledger.append([intent('newer', 2)]);

  await ledger.append([intent('late', 1), entry('late', 'outcome', 1, { kind: 'rolled_back', to: 'v0' })]);

  expect(
    (await ledger.readOperation('late')).map(({ event, state, dropped }) => [event, state, dropped !== undefined]),
  ).toEqual([
    ['intent', undefined, true],
    ['outcome', undefined, true],
  ]);
  expect(await ledger.readState(where)).toMatchObject({ changing: { operation: 'newer' } });
});

test('of two that come in one commit the one that holds the lane is written, and the other is refused', async () => {
  const [newer, late] = await Promise.allSettled([
    ledger.append([intent('newer', 2)]),
    ledger.append([intent('late', 1)]),
  ]);

  expect(newer.status).toBe('fulfilled');
  expect(late).toMatchObject({ status: 'rejected', reason: fenced });
});

test('an intent whose answer was lost is refused when the lane has passed on meanwhile, in another process too', async () => {
  await ledger.append([intent('slow', 1)]);
  const elsewhere = await open();
  await elsewhere.append([intent('newer', 2)]);

  await expect(ledger.append([intent('slow', 1)])).rejects.toMatchObject(fenced);
  await expect(elsewhere.append([intent('newer', 2)])).resolves.toBeDefined();
});
