import { policyNewsSentences, type PolicyNews } from '../../src/policy/news';

const good: PolicyNews = { commit: 'a'.repeat(40) };
const refused: PolicyNews = { ...good, refused: { commit: 'b'.repeat(40), why: 'policy.yaml:3 is not a time zone' } };
const away: PolicyNews = { ...good, awaySince: '2026-11-21T17:00:00Z' };

test.each<[string, PolicyNews | undefined, PolicyNews, readonly RegExp[]]>([
  ['the first look at a good policy', undefined, good, []],
  ['nothing new', good, good, []],
  ['a new commit', good, { commit: 'c'.repeat(40) }, [/^The policy at cccccccccc is in force now/]],
  [
    'a commit that does not bind',
    good,
    refused,
    [/bbbbbbbbbb does not bind: .*zone\. Commit aaaaaaaaaa stays in force/],
  ],
  ['the first look at one that does not bind', undefined, refused, [/does not bind/]],
  ['the same refusal again', refused, refused, []],
  [
    'another reason',
    refused,
    { ...good, refused: { commit: 'b'.repeat(40), why: 'its test fails' } },
    [/its test fails/],
  ],
  ['the refused commit taken back', refused, good, [/binds again/]],
  ['a mended policy', refused, { commit: 'c'.repeat(40) }, [/cccccccccc is in force now/]],
  [
    'rewritten history',
    good,
    { commit: 'c'.repeat(40), rewrittenFrom: 'a'.repeat(40) },
    [/does not follow aaaaaaaaaa: history was rewritten/],
  ],
  [
    'a change that has to be approved',
    good,
    { ...good, proposed: 'b'.repeat(40) },
    [/binds once they have approved it/],
  ],
  ['the same change again', { ...good, proposed: 'b'.repeat(40) }, { ...good, proposed: 'b'.repeat(40) }, []],
  ['a repository that is away', good, away, [/has not answered since 2026-11-21T17:00:00Z/]],
  ['one that is still away', away, away, []],
  ['one that is back', away, good, [/answers again/]],
  ['no policy at all', undefined, { refused: { commit: 'b'.repeat(40), why: 'empty' } }, [/No policy is in force/]],
])('%s is told once, in full sentences', (_what, before, after, expected) => {
  const said = policyNewsSentences(before, after);
  expect(said).toHaveLength(expected.length);
  for (const [index, pattern] of expected.entries()) expect(said[index]).toMatch(pattern);
});
