import {
  clip,
  code,
  duration,
  fit,
  instant,
  link,
  listed,
  mention,
  plain,
  safe,
  safeLines,
} from '../../src/messages/text';

const zwsp = '\u200b';

it.each([
  ['a ping', '<!channel>', '&lt;!channel&gt;'],
  ['a mention', '<@U0LEE>', '&lt;@U0LEE&gt;'],
  ['a link', '<https://evil.example|Approve>', '&lt;https://evil.example|Approve&gt;'],
  ['an entity, which stays what was typed', '&lt;', '&amp;lt;'],
  ['bold', '*approved*', `${zwsp}*${zwsp}approved${zwsp}*${zwsp}`],
  ['a name with underscores, which can be copied as it is', 'feature_flag_x', 'feature_flag_x'],
  ['an emoji code', ':white_check_mark:', `:${zwsp}white_check_mark:`],
  ['a time, which is no emoji', '12:30', '12:30'],
  ['backticks', '```x```', 'ˋˋˋxˋˋˋ'],
  ['line ends', 'one\r\n\r\ntwo\u2028three', 'one two three'],
  ['a quote mark', '> quoted', `${zwsp}&gt; quoted`],
  ['text that runs backwards', 'abc\u202ecba', 'abccba'],
  ['invisible characters', '\u200b\u200b\ufeff', ''],
  ['half an emoji', 'a\ud83d', 'a\ufffd'],
])('shows %s and does not read it', (_what, typed, shown) => {
  expect(safe(typed)).toBe(shown);
});

it.each([
  ['plain', 'x'.repeat(400)],
  ['text that grows when escaped', '<'.repeat(400)],
  ['emoji of several code points', '👩‍👩‍👧‍👦'.repeat(80)],
  ['stacked accents', `Z${'\u0351'.repeat(5_000)}`],
  ['formatting marks', '* '.repeat(300)],
])('keeps %s within the limit, in whole characters', (_what, typed) => {
  const shown = safe(typed, 100);
  expect(shown.length).toBeLessThanOrEqual(100);
  expect(shown.endsWith('…')).toBe(true);
  expect(shown).not.toMatch(/\p{Surrogate}|&[a-z]*…|\u200d…/u);
});

it('cuts a text where Slack counts, not inside a character', () => {
  expect(clip('abcdef', 6)).toBe('abcdef');
  expect(clip('abcdefg', 6)).toBe('abcde…');
  expect(clip('ab🚀🚀🚀', 6)).toBe('ab🚀…');
});

it('keeps line ends where they help, and not too many of them', () => {
  expect(safeLines('a\nb')).toBe('a\nb');
  expect(safeLines('a\n'.repeat(50), { lines: 3 })).toBe('a\na\na\n…');
  expect(plain('a\n\n\n\n\nb')).toBe('a\n\nb');
});

it('puts names into code spans that they cannot leave', () => {
  expect(code('a`b <x>')).toBe('`aˋb &lt;x&gt;`');
  expect(code('')).toBe('`-`');
  expect(code('<'.repeat(50), 20).length).toBeLessThanOrEqual(22);
});

it.each([
  ['U0LEE', '<@U0LEE>'],
  ['user:U0LEE', '<@U0LEE>'],
  ['subteam:S0SEC', '<!subteam^S0SEC>'],
  ['!channel', '`!channel`'],
  ['U0LEE> <!here', '`U0LEE&gt; &lt;!here`'],
])('mentions %s as %s', (id, shown) => {
  expect(mention(id)).toBe(shown);
});

it.each([
  ['https://t.example/a?b=1&c=2', '<https://t.example/a?b=1&amp;c=2|Temporal>'],
  ['https://t.example/|x>', '<https://t.example/%7Cx%3E|Temporal>'],
  ['javascript:alert(1)', 'Temporal'],
  ['https://t.example/ <!here>', 'Temporal'],
  [undefined, 'Temporal'],
])('links to %s only over http(s)', (url, shown) => {
  expect(link(url, 'Temporal')).toBe(shown);
});

it('tells an instant in the time of the reader, and in UTC where that is not possible', () => {
  expect(instant('2026-11-21T09:00:00Z')).toBe('<!date^1795251600^{date_short_pretty} {time}|2026-11-21 09:00 UTC>');
  expect(instant('2026-11-21T09:00:00Z', { tokens: false })).toBe('2026-11-21 09:00 UTC');
  expect(instant('<!here>')).toBe('&lt;!here&gt;');
});

it.each([
  [4_000, '4 s'],
  [65_000, '1 min 05 s'],
  [7_800_000, '2 h 10 min'],
  [273_600_000, '3 d 4 h'],
])('says %d ms as %s', (ms, words) => {
  expect(duration(ms)).toBe(words);
});

it('lists words as people do, and says how many lines it left out', () => {
  expect(listed(['a', 'b', 'c'])).toBe('a, b and c');
  expect(fit(['a', 'b'], 100)).toBe('a\nb');
  expect(fit(['a'.repeat(50), 'b'.repeat(50), 'c'], 100)).toBe(`${'a'.repeat(50)}\n… and 2 more`);
});
