import { linkTemplateOf, linkTo } from '../../src/policy/source-link';

describe('the address of a line of the policy', () => {
  it.each([
    ['https://github.com/acme/policy.git', 'https://github.com/acme/policy/blob/c0ffee/policy.yaml#L12'],
    ['https://user:secret@github.com/acme/policy', 'https://github.com/acme/policy/blob/c0ffee/policy.yaml#L12'],
    ['git@github.com:acme/policy.git', 'https://github.com/acme/policy/blob/c0ffee/policy.yaml#L12'],
    [
      'ssh://git@github.acme.example:22/acme/policy.git',
      'https://github.acme.example/acme/policy/blob/c0ffee/policy.yaml#L12',
    ],
    ['git@gitlab.com:group/sub/policy.git', 'https://gitlab.com/group/sub/policy/-/blob/c0ffee/policy.yaml#L12'],
    ['https://gitlab.acme.example/x/policy/', 'https://gitlab.acme.example/x/policy/-/blob/c0ffee/policy.yaml#L12'],
    ['https://codeberg.org/acme/policy.git', 'https://codeberg.org/acme/policy/src/commit/c0ffee/policy.yaml#L12'],
    [
      'git@gitea.acme.example:acme/policy.git',
      'https://gitea.acme.example/acme/policy/src/commit/c0ffee/policy.yaml#L12',
    ],
    [
      'https://forgejo.acme.example:3000/a/policy',
      'https://forgejo.acme.example:3000/a/policy/src/commit/c0ffee/policy.yaml#L12',
    ],
    ['git@bitbucket.org:acme/policy.git', 'https://bitbucket.org/acme/policy/src/c0ffee/policy.yaml#lines-12'],
    ['https://git.acme.example/policy.git', undefined],
    ['https://notgithub.example/acme/policy', undefined],
    ['file:///srv/policy.git', undefined],
    ['/srv/github/policy.git', undefined],
    ['../github.com/policy', undefined],
  ])('%s', (repository, url) => {
    expect(linkTo(linkTemplateOf(repository), { commit: 'c0ffee', place: 'policy.yaml:12' })).toBe(url);
  });

  it('a template of its own gets commit, file and line, and nothing in them is markup for it', () => {
    const template = 'https://git.example/{commit}/{file}?l={line}';
    expect(linkTo(template, { commit: 'a/b', place: 'configs/services/{line} $& ü.yaml:7' })).toBe(
      'https://git.example/a%2Fb/configs/services/%7Bline%7D%20%24%26%20%C3%BC.yaml?l=7',
    );
    expect(linkTo(template, { commit: 'a', place: 'policy.yaml' })).toBe('https://git.example/a/policy.yaml?l=1');
    expect(linkTo(template, { place: 'policy.yaml:1' })).toBeUndefined();
  });
});
