import { makeRepository } from '../helpers/git-repository';

describe('the repository builder', () => {
  it('makes a repository, adds, replaces and removes files', async () => {
    const repository = await makeRepository({ files: { 'a.yaml': 'a: 1\n', 'b/c.yaml': 'c: "ä"\n' } });
    const first = await repository.head();
    const second = await repository.commit({ 'a.yaml': null, 'b/c.yaml': 'c: 2\n', 'd e.yaml': 'x' }, 'Next');
    expect(await repository.head()).toBe(second);
    expect(await repository.git(['ls-tree', '-r', '--name-only', second])).toBe('b/c.yaml\nd e.yaml\n');
    expect(await repository.read('b/c.yaml', first)).toBe('c: "ä"\n');
    expect(await repository.read('b/c.yaml')).toBe('c: 2\n');
    await repository.remove();
  });
});
