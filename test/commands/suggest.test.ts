import { editDistance, nearest } from '../../src/commands/suggest';

describe('suggestions', () => {
  it.each([
    ['abcd', 'abdc', 1],
    ['kitten', 'sitting', 3],
    ['', 'abc', 3],
    ['same', 'same', 0],
  ])('from %s to %s is %i', (from, to, distance) => {
    expect(editDistance(from, to)).toBe(distance);
  });

  it('suggests nothing that is far away', () => {
    expect(nearest('banana', ['checkout'])).toBeUndefined();
  });
});
