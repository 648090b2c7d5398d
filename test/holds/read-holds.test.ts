import { noHolds, type Holds } from '../../src/holds/holds';
import { holdsIn, HoldsUnknown, leftIn, whyUnknown } from '../../src/holds/read-holds';

const names = { type: 'holds', memo: 'holds' };
const held: Holds = {
  ...noHolds,
  stop: { by: 'U0ANA', person: 'U0ANA', channel: '#all', reason: 'a breach', since: '2026-11-24T10:00:00Z' },
};
const described = (status: string, memo: object | undefined = { holds: held }) => ({
  type: 'holds',
  status: { name: status },
  memo: memo as { holds: Holds },
});

test.each([
  ['RUNNING', held],
  ['CONTINUED_AS_NEW', held],
  ['PAUSED', held],
  ['COMPLETED', noHolds],
])('of a workflow that is %s it is known what is held', (status, expected) => {
  expect(holdsIn(described(status), names)).toEqual(expected);
  expect(leftIn(described(status), names)).toBeUndefined();
});

test.each(['TERMINATED', 'FAILED', 'TIMED_OUT', 'CANCELLED', 'UNSPECIFIED', 'UNKNOWN'])(
  'of a workflow that is %s nobody knows, and the next one begins with what it held',
  (status) => {
    expect(() => holdsIn(described(status), names)).toThrow(HoldsUnknown);
    expect(leftIn(described(status), names)).toEqual(held);
  },
);

test.each([
  ['of another type', { ...described('RUNNING'), type: 'lane' }],
  ['of a later format', described('RUNNING', { holds: { format: 2 } })],
])('a workflow %s says nothing', (_what, other) => {
  expect(() => holdsIn(other, names)).toThrow(HoldsUnknown);
});

test('one that has held nothing yet holds nothing', () => {
  expect(holdsIn(described('RUNNING', {}), names)).toEqual(noHolds);
});

test('people are told why, and of other errors that Temporal was late', () => {
  expect(whyUnknown(new HoldsUnknown('it fell'))).toBe('it fell');
  expect(whyUnknown(new Error('14 UNAVAILABLE'))).toBe('Temporal did not say in time');
});
