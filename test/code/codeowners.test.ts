import fc from 'fast-check';
import ignore from 'ignore';
import { ownersOf } from '../../src/code/codeowners';
import { matchesGlob, pathPattern } from '../../src/code/path-pattern';

describe('a pattern of CODEOWNERS', () => {
  test.each([
    ['*', 'a/b/c.ts', true],
    ['*.js', 'deep/in/x.js', true],
    ['/*.js', 'deep/x.js', false],
    ['/build/logs/', 'build/logs/a/b', true],
    ['/build/logs/', 'build/logs', false],
    ['apps/', 'x/apps/y', true],
    ['docs/*', 'docs/a.md', true],
    ['docs/*', 'docs/deep/a.md', false],
    ['docs/**', 'docs/deep/a.md', true],
    ['docs/**', 'docs', false],
    ['**/logs', 'build/logs/x', true],
    ['a/**/b', 'a/b', true],
    ['a/**/b', 'a/x/y/b/z', true],
    ['/src/pay', 'src/pay/card.ts', true],
    ['/src/pay', 'src/payroll/x.ts', false],
    ['file?.txt', 'file1.txt', true],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'axb', false],
    ['/', 'a', false],
  ])('%s and %s: %s', (pattern, path, fits) => {
    expect(pathPattern(pattern).matches(path)).toBe(fits);
  });

  test('means what .gitignore means, but for docs/*, where hosts of code differ', () => {
    const name = fc
      .array(fc.constantFrom('a', 'b', '*', '?'), { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join(''));
    const part = fc.oneof({ weight: 4, arbitrary: name }, { weight: 1, arbitrary: fc.constant('**') });
    const pattern = fc
      .record({ names: fc.array(part, { minLength: 1, maxLength: 4 }), tied: fc.boolean(), folder: fc.boolean() })
      .map(({ names, tied, folder }) => `${tied ? '/' : ''}${names.join('/')}${folder ? '/' : ''}`)
      .filter((text) => !/(^|\/)\*\/?$|\*\*[^/]|[^/]\*\*|\*\*\/\*\*|^\/?\*\*\/?$/.test(text));
    const path = fc
      .array(fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 })
      .map((names) => names.map((letters) => letters.join('')).join('/'));
    fc.assert(
      fc.property(pattern, path, (text, at) => {
        expect({ text, at, fits: pathPattern(text).matches(at) }).toEqual({
          text,
          at,
          fits: ignore({ ignorecase: false }).add(text).ignores(at),
        });
      }),
      { numRuns: 20_000 },
    );
  });

  test('cannot be made slow', () => {
    const pattern = pathPattern(`/${'*a'.repeat(120)}b`);
    expect(pattern.matches('a'.repeat(250))).toBe(false);
    const folders = pathPattern(`/${'**/a/'.repeat(60)}b`);
    expect(folders.matches(`${'a/'.repeat(120)}c`)).toBe(false);
  });
});

test.each([
  ['db/migrate/**', 'db/migrate/2026/1.sql', true],
  ['db/migrate/**', 'src/db/migrate/1.sql', false],
  ['**/*.sql', 'a/b.sql', true],
  ['**/*.sql', 'b.sql', true],
])('a glob of policy is tied to the root: %s and %s: %s', (glob, path, fits) => {
  expect(matchesGlob(path, glob)).toBe(fits);
});

describe('owners of paths', () => {
  const github = `# Everything
*            @kestrel/platform
/src/pay/    @lee kim@kestrel.example # who knows money
/src/pay/docs/
src/\\#odd\\ name.ts @sam
not an owner at all
`;

  test.each([
    ['the last rule that fits counts', ['src/pay/card.ts'], ['@lee', 'kim@kestrel.example']],
    ['a rule without owners takes them away', ['src/pay/docs/a.md'], []],
    ['spaces and # may be escaped', ['src/#odd name.ts'], ['@sam']],
    [
      'several paths have all their owners, each once',
      ['README.md', 'x.ts', 'src/pay/a'],
      ['@kestrel/platform', '@lee', 'kim@kestrel.example'],
    ],
    ['no paths have no owners', [], []],
  ])('%s', (_what, paths, owners) => {
    expect(ownersOf({ text: github, paths })).toEqual(owners);
  });

  test('every section of GitLab counts by itself, and gives its own owners to rules without any', () => {
    const text = `* @platform\n[Money][2] @money\nsrc/pay/\n^[Docs]\n*.md @writers\n[money]\n/src/pay/card.ts @cards\n`;
    expect(ownersOf({ text, paths: ['src/pay/card.ts'] })).toEqual(['@platform', '@cards']);
    expect(ownersOf({ text, paths: ['src/pay/a.md'] })).toEqual(['@platform', '@money', '@writers']);
  });

  test('a file of too many rules says nothing', () => {
    expect(ownersOf({ text: '* @a\n'.repeat(5_001), paths: ['a'] })).toBeUndefined();
  });
});
