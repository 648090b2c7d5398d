import { ballotTakes, type BallotStatus, type BallotTakes } from '../../src/approvals/takes';

const rows: readonly (readonly [BallotStatus, BallotTakes])[] = [
  ['open', 'votes'],
  ['filled', 'rejections'],
  ['rejected', 'nothing'],
  ['expired', 'nothing'],
  ['void', 'nothing'],
];

describe.each(rows)('a ballot that is %s', (status, takes) => {
  it(`takes ${takes} while the first side effect is ahead`, () => {
    expect(ballotTakes({ status, work: 'ahead' })).toBe(takes);
  });

  it.each(['begun', 'finished'] as const)('takes nothing once the work is %s', (work) => {
    expect(ballotTakes({ status, work })).toBe('nothing');
  });
});
