import { isOlder, type Fence } from '../../src/ledger/fence';
import { applyChange, emptyState } from '../../src/ledger/state';

const where = { service: 'checkout', environment: 'production' };
const at = '2026-11-21T10:00:00.000Z';
const fence = (epoch: number, number: number): Fence => ({ epoch, number });

test.each([
  ['the same holder', fence(100, 1), fence(100, 1), false],
  ['the holder before', fence(100, 1), fence(100, 2), true],
  ['the holder after', fence(100, 10), fence(100, 9), false],
  ['the last holder of the lane before', fence(100, 7), fence(101, 1), true],
  ['the first holder of the lane after', fence(101, 1), fence(100, 7), false],
])('%s', (_what, one, other, older) => {
  expect(isOlder(one, other)).toBe(older);
});

test('the state remembers the newest fence, and forgets it over nothing', () => {
  const started = applyChange(undefined, {
    ...where,
    kind: 'started',
    version: 'v1',
    operation: 'a',
    at,
    fence: fence(1, 2),
  });
  const older = applyChange(started, { ...where, kind: 'entered', operation: 'b', at, fence: fence(1, 1) });
  const adopted = applyChange(older, { ...where, kind: 'succeeded', version: 'v0', operation: 'adopt', at });

  expect([started.fence, older.fence, adopted.fence]).toEqual([fence(1, 2), fence(1, 2), fence(1, 2)]);
});

test('work that brings no version changes nothing but the fence', () => {
  const entered = applyChange(undefined, { ...where, kind: 'entered', operation: 'a', at, fence: fence(1, 1) });

  expect(entered).toEqual({ ...emptyState(where), fence: fence(1, 1) });
});
