import { createRecordActivities, type LedgerPort } from '../../activities/worker/records';
import type { LedgerEvent, LedgerRecord } from '../../src/ledger/record';
import type { JsonObject } from '../../src/json';

const start = Date.parse('2026-11-21T09:00:00Z');
const at = (minute: number) => new Date(start + minute * 60_000).toISOString();
const sinceMs = start;

let sequence = 0;

function record(operation: string, event: LedgerEvent, minute: number, body: JsonObject = {}): LedgerRecord {
  sequence += 1;
  return { format: 1, sequence, operation, event, at: at(minute), body, previous: '', signature: '' };
}

/** Everything that the ledger has of one deploy. */
function deploy(operation: string, place: { environment: string; began?: boolean; from?: number }): LedgerRecord[] {
  const { environment, began = true, from = 1 } = place;
  return [
    record(operation, 'request', from, { kind: 'deploy', service: 'checkout', environment, version: 'v2' }),
    record(operation, 'vote', from + 1, { by: 'U0LEE', decision: 'approve' }),
    ...(began ? [record(operation, 'intent', from + 2)] : []),
    record(operation, 'outcome', from + 3, {
      started: began,
      sentence: began ? `${operation} was rolled back.` : 'You may not ask for this, because you are a guest.',
    }),
  ];
}

function recent(records: readonly LedgerRecord[], about: { environment?: string; cause?: string }) {
  const ledger: LedgerPort = {
    append: () => Promise.reject(new Error('nothing is written here')),
    readState: () => Promise.reject(new Error('nobody asks for this here')),
    readOperation: async (operation) => records.filter((each) => each.operation === operation),
    recent: async (asked) => records.filter((each) => Date.parse(each.at) >= asked.sinceMs).slice(-asked.limit),
  };
  return createRecordActivities({ ledger }).recentOperations({ service: 'checkout', sinceMs, ...about });
}

const records = [
  ...deploy('in-staging', { environment: 'staging' }),
  ...deploy('in-production', { environment: 'production' }),
  ...deploy('denied', { environment: 'production', began: false }),
];

test('an incident in an environment hears only of what happened there', async () => {
  const texts = (await recent(records, { environment: 'production' })).map(({ text }) => text);

  expect(texts).toEqual([
    'approved the deploy of checkout v2 in production',
    'the deploy of checkout v2 in production began',
    'in-production was rolled back.',
  ]);
});

test('an incident without an environment hears of all of them', async () => {
  const texts = (await recent(records, {})).map(({ text }) => text);

  expect(texts).toEqual(expect.arrayContaining(['in-staging was rolled back.', 'in-production was rolled back.']));
});

test('what never began is left out: somebody was told why in private', async () => {
  const said = JSON.stringify(await recent(records, {}));

  expect(said).not.toContain('guest');
  expect(said).not.toContain('denied');
});

test('what caused the incident comes first and is pinned, however old it is', async () => {
  const old = deploy('the-cause', { environment: 'production', from: -3_000 });

  const [first, ...others] = await recent([...old, ...records], { environment: 'production', cause: 'the-cause' });

  expect(first).toMatchObject({ text: 'the-cause was rolled back.', pinned: true });
  expect(JSON.stringify(others)).not.toContain('the-cause was rolled back');
  // Who agreed to it is the first thing that people want to know.
  expect(others[0]).toMatchObject({ text: 'approved the deploy of checkout v2 in production', at: old[1]!.at });
  expect(others.some(({ pinned }) => pinned)).toBe(false);
});

test('an operation that was asked for before the window is known by what it was for', async () => {
  const waited = deploy('waited', { environment: 'production', from: -2 });

  const texts = (await recent(waited, { environment: 'production' })).map(({ text }) => text);

  expect(texts).toEqual(['the deploy of checkout v2 in production began', 'waited was rolled back.']);
});
