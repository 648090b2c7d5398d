import { lacksSecondFactor, secondFactorMs } from '../../src/approvals/second-factor';

const at = '2026-11-24T10:00:00.000Z';
const ago = (ms: number): { readonly at: string } => ({ at: new Date(Date.parse(at) - ms).toISOString() });

test.each([
  ['an approval without one', { decision: 'approve' }, true],
  ['an approval with one just now', { decision: 'approve', secondFactor: ago(0) }, false],
  ['an approval with one five minutes old', { decision: 'approve', secondFactor: ago(secondFactorMs) }, false],
  ['an approval with an older one', { decision: 'approve', secondFactor: ago(secondFactorMs + 1) }, true],
  ['an approval with one from later', { decision: 'approve', secondFactor: ago(-1) }, true],
  ['an approval with one at no instant', { decision: 'approve', secondFactor: { at: 'just now' } }, true],
  ['a rejection', { decision: 'reject' }, false],
  ['a withdrawal', { decision: 'withdraw' }, false],
] as const)('%s', (_what, vote, lacks) => {
  expect(lacksSecondFactor({ secondFactor: true }, { at, ...vote })).toBe(lacks);
  expect(lacksSecondFactor({}, { at, ...vote })).toBe(false);
});
