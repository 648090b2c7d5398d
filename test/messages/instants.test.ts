import { instantWords } from '../../src/policy/context';
import { operationCard } from '../../src/messages/operation-card';
import { safeWithInstants } from '../../src/messages/instants';
import { markupOf } from './reading';
import { operationView } from './views';

describe('an instant in a sentence of the policy', () => {
  test.each([
    ['2027-01-03T23:00:00Z', 'Europe/Berlin'],
    ['2026-09-04T03:00:00Z', 'UTC'],
    ['2026-06-30T10:00:00Z', 'America/New_York'],
    ['2026-07-01T00:15:00Z', 'Asia/Kathmandu'],
    ['2026-01-01T12:30:00Z', 'Australia/Lord_Howe'],
    ['2026-01-01T12:30:00Z', 'Pacific/Kiritimati'],
  ])('%s said in %s is drawn in the reader’s zone', (iso, zone) => {
    const words = instantWords(new Date(iso), zone);
    const seconds = Date.parse(iso) / 1000;
    expect(safeWithInstants(`It waits until ${words}; then it runs.`, { max: 400 })).toEqual({
      text: `It waits until <!date^${seconds}^{date_short_pretty} {time}|${words}>; then it runs.`,
      instants: [Date.parse(iso)],
    });
  });

  test.each([
    ['a day of the week that it was not', 'until Tue 4 Jan 2027 00:00 (Europe/Berlin)'],
    ['a zone that is none', 'until Mon 4 Jan 2027 00:00 (Mars/Olympus)'],
    ['a time that spring skips', 'until Sun 28 Mar 2027 02:30 (Europe/Berlin)'],
  ])('%s stays as it is', (_what, text) => {
    expect(safeWithInstants(text, { max: 400 })).toEqual({ text, instants: [] });
  });

  test('what stands around it is made safe, and nobody can forge the place of one', () => {
    const { text } = safeWithInstants('<!channel> \ue000 Mon 4 Jan 2027 00:00 (Europe/Berlin) <@U1>', { max: 400 });
    expect(text).toBe(
      '&lt;!channel&gt; <!date^1799017200^{date_short_pretty} {time}|Mon 4 Jan 2027 00:00 (Europe/Berlin)> &lt;@U1&gt;',
    );
  });

  test('where Slack does not draw them, the words stay', () => {
    const text = 'until Mon 4 Jan 2027 00:00 (Europe/Berlin)';
    expect(safeWithInstants(text, { max: 400, tokens: false }).text).toBe(text);
  });
});

describe('a gate on the card', () => {
  const opensAt = '2027-01-03T23:00:00.000Z';
  const card = (message: string) =>
    markupOf(operationCard(operationView({ gates: [{ kind: 'freeze', holds: false, message, opensAt }] })));

  test('says once when it opens, in the reader’s zone', () => {
    const said = card('It holds until Mon 4 Jan 2027 00:00 (Europe/Berlin).');
    expect(said.match(/<!date\^1799017200/g)).toHaveLength(1);
    expect(said).not.toContain('Opens');
  });

  test('says it behind a sentence that does not', () => {
    expect(card('It holds for a while.')).toContain('It holds for a while. Opens <!date^1799017200');
  });
});
