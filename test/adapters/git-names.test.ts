import { isRefName, isRepositoryPath, objectId, refName, remoteUrl } from '../../activities/adapters/git-names';
import { Refusal } from '../../src/errors';

describe('addresses of repositories', () => {
  it.each([
    ['https://git.example.com/team/policy.git', 'https'],
    ['https://git.example.com:8443/team/policy', 'https'],
    ['ssh://git@git.example.com:2222/team/policy.git', 'ssh'],
    ['git@git.example.com:team/policy.git', 'ssh'],
    ['file:///srv/git/policy.git', 'local'],
    ['/srv/git/policy.git', 'local'],
    ['./examples/policy', 'local'],
  ])('takes %s as %s', (text, kind) => {
    expect(remoteUrl(text.replace('./', '')).kind).toBe(kind);
  });

  it.each([
    ['a helper that runs a shell', 'ext::sh -c touch% /tmp/pwned'],
    ['a file descriptor', 'fd::17'],
    ['a helper prefix', 'http::one.example.com/foo.git'],
    ['plain http', 'http://git.example.com/r.git'],
    ['the metadata service', 'http://169.254.169.254/latest/meta-data/'],
    ['gopher', 'gopher://127.0.0.1:6379/_FLUSHALL'],
    ['git without encryption', 'git://example.com/repo.git'],
    ['an option', '--upload-pack=touch /tmp/pwned'],
    ['an option after a space', ' --should-not-be-an-option'],
    ['an ssh option as host', 'ssh://-oProxyCommand=id/x'],
    ['an ssh option in scp form', 'git@-oProxyCommand=id:repo'],
    ['a dash as host', '-ahost:path'],
    ['an encoded line break', 'https://one.example.com?%0ahost=two.example.com/foo.git'],
    ['an encoded line break in a path', 'ssh://host/%0a-x'],
    ['a path that is an option', 'git@host:-oops'],
    ['a line break', 'https://example.com/a\nb'],
    ['a fragment', 'https://example.com/r.git#main --upload-pack=x'],
    ['a network share', '\\\\host\\share'],
    ['a folder that climbs', '../../..//one.example.com/foo.git'],
    ['nothing', ''],
  ])('refuses %s', (_, text) => {
    expect(() => remoteUrl(text)).toThrow(Refusal);
  });

  it('refuses a password in the address and does not repeat it', () => {
    expect(() => remoteUrl('https://user:hunter2@example.com/r.git')).toThrow(/token/);
    expect(() => remoteUrl('https://user:hunter2@example.com/r.git')).not.toThrow(/hunter2/);
  });
});

describe('names of branches and tags', () => {
  it.each([
    'main',
    'feature/x',
    'v1.2.3',
    'foo@bar',
    'foo./bar',
    'heads/fuß',
    'hotfix+1',
    'user/名前',
    'no-',
    'a--b',
    'refs/heads/main',
  ])('takes %s', (name) => expect(refName(name)).toBe(name));

  it.each([
    '',
    '@',
    'HEAD',
    '.',
    '..',
    '-',
    '--',
    '--upload-pack=touch /tmp/pwned',
    'refs/heads/--upload-pack=x',
    '+main',
    'a..b',
    'main~1',
    'main^',
    'main@{1}',
    'main:policy.yaml',
    ':/fix',
    'a b',
    'a\tb',
    'a\nb',
    'a\0b',
    'a\u007fb',
    'a?b',
    'a*b',
    'a[b',
    'a\\b',
    '^main',
    'refs/heads/main.lock',
    'foo.lock/bar',
    'main/',
    '/main',
    'a//b',
    '.hidden',
    'a/.b',
    'a/./b',
    'main.',
    'x'.repeat(256),
    'a\u202eb',
  ])('refuses %j', (name) => {
    expect(isRefName(name)).toBe(false);
    expect(() => refName(name)).toThrow(Refusal);
  });
});

describe('object ids', () => {
  it.each(['0'.repeat(40), 'g'.repeat(40), 'A'.repeat(40), 'deadbeef', 'a'.repeat(39), 'a'.repeat(41), '--all'])(
    'refuses %s',
    (text) => expect(() => objectId(text)).toThrow(TypeError),
  );

  it('takes whole lower-case ids of both kinds', () => {
    expect(objectId('a'.repeat(40))).toHaveLength(40);
    expect(objectId('b'.repeat(64))).toHaveLength(64);
  });
});

describe('paths inside a repository', () => {
  it.each(['policy.yaml', 'configs/production/a b.yaml', 'k8s/node/app.yaml'])('takes %s', (path) =>
    expect(isRepositoryPath(path)).toBe(true),
  );

  it.each([
    '../policy.yaml',
    '/etc/passwd',
    'a/../../b',
    '.git/config',
    '.GIT/config',
    '.git\u200c/config',
    'git~1/config',
    '.git /config',
    '.git./config',
    '.gitmodules',
    'a\\..\\b',
    'runbooks/%2e%2e/policy.yaml',
    'runbooks/..;/policy.yaml',
    ':(exclude)a',
    ':/',
    '-',
    'a\0b',
    'a\nb',
    'CON',
    'x'.repeat(300),
    'runbooks/\u202egnp.lmay',
    '',
  ])('refuses %j', (path) => expect(isRepositoryPath(path)).toBe(false));
});
