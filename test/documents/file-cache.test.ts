import { FileCache } from '../../src/documents/file-cache';
import { formatProblem } from '../../src/documents/read-yaml';
import { readAhead, readRepository } from '../../src/policy/read-repository';

const named = (text: string, file = 'a.yaml') => ({ file, text, blob: `blob of ${text}` });

describe('what was made of a file', () => {
  const made: string[] = [];
  const maker = ({ text }: { readonly text: string }) => {
    made.push(text);
    return { text };
  };
  const other = ({ text }: { readonly text: string }) => text.length;
  beforeEach(() => made.splice(0));

  test('is found again while the file stays what it is, and made anew when it is not', () => {
    const cache = new FileCache();
    const first = cache.get(maker, named('one'));
    expect(cache.get(maker, named('one'))).toBe(first);
    expect(cache.get(maker, named('two'))).toEqual({ text: 'two' });
    expect(cache.get(maker, named('one'))).toEqual({ text: 'one' });
    expect(made).toEqual(['one', 'two', 'one']);
  });

  test('is not what was made of another file, or of the same by another maker', () => {
    const cache = new FileCache();
    cache.get(maker, named('one'));
    expect(cache.get(maker, named('one', 'b.yaml'))).toEqual({ text: 'one' });
    expect(cache.get(other, named('one'))).toBe(3);
    expect(made).toEqual(['one', 'one']);
  });

  test('is forgotten with the file', () => {
    const cache = new FileCache();
    cache.get(maker, named('one'));
    cache.retain(new Map([['b.yaml', '']]));
    cache.get(maker, named('one'));
    expect(made).toEqual(['one', 'one']);
  });
});

describe('a repository that is read with the files of the commit before', () => {
  const base = {
    'policy.yaml': 'version: 1\nteams: { leads: { users: [U0LEE] } }\nenvironments: { staging: {} }\n',
    'configs/services/web.yaml': 'service: { name: web, owner: leads }\n',
    'configs/services/shop.yaml': 'service: { name: shop, owner: leads }\n',
    'runbooks/x.yaml': 'name: x\nsteps: [{ uses: wait, with: { for: 1s } }]\n',
  };
  const next: readonly (readonly [string, { readonly [path: string]: string | undefined }])[] = [
    ['nothing changed', {}],
    ['a team is gone that a service names', { 'policy.yaml': base['policy.yaml'].replace('leads', 'others') }],
    ['a service is gone', { 'configs/services/web.yaml': undefined }],
    ['a service moved to the other folder', { 'services/web.yaml': base['configs/services/web.yaml'] }],
    ['a service cannot be read', { 'configs/services/web.yaml': 'service: 1\n' }],
    ['a fact came', { 'policy.yaml': `${base['policy.yaml']}facts: { declare: { x: bool } }\n` }],
    ['a runbook changed', { 'runbooks/x.yaml': 'name: x\nsteps: []\n' }],
  ];
  const filesOf = (texts: { readonly [path: string]: string | undefined }) =>
    new Map(
      Object.entries(texts).flatMap(([path, text]) =>
        text === undefined ? [] : [[path, { text, blob: text }] as const],
      ),
    );
  const seen = (read: ReturnType<typeof readRepository>) =>
    read.ok
      ? {
          services: [...read.repository.policy.services.values()].map(({ name, file, owner }) => ({
            name,
            file,
            owner,
          })),
          facts: [...read.repository.policy.facts],
          runbooks: [...read.repository.runbooks.keys()],
          warnings: read.repository.policy.warnings.map(formatProblem),
        }
      : read.problems.map(formatProblem);

  test.each(next)('is what it is without them: %s', (_, changes) => {
    const cache = new FileCache();
    const before = filesOf(base);
    for (const _step of readAhead(before, cache));
    readRepository({ files: before, commit: 'a', cache });
    const files = filesOf({ ...base, ...changes });
    expect(seen(readRepository({ files, commit: 'b', cache }))).toEqual(seen(readRepository({ files, commit: 'b' })));
    expect(seen(readRepository({ files: before, commit: 'a', cache }))).toEqual(
      seen(readRepository({ files: before, commit: 'a' })),
    );
  });
});
