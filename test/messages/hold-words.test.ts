import type { HoldEvent, Holds } from '../../src/holds/holds';
import { answerWords } from '../../src/messages/answer-words';
import { holdLines, holdSentence, holdsMessage, plainHoldLines } from '../../src/messages/hold-words';

const until = '2026-11-24T12:00:00.000Z';
const base = { channel: '#prod', service: 'web', environment: 'production', by: 'U0ANA' };

test.each<[Partial<HoldEvent> & Pick<HoldEvent, 'what'>, string]>([
  [
    { what: 'locked', change: 'v3', until, reason: 'r' },
    '🔒 <@U0ANA> locked *web in production* for `v3` alone until 2026-11-24 12:00 UTC (r).',
  ],
  [
    { what: 'queued', position: 2, until, reason: 'r' },
    '🔒 <@U0ANA> waits for the lock on *web in production* as number 2 (r); their turn comes by 2026-11-24 12:00 UTC at the latest.',
  ],
  [{ what: 'left' }, '🔓 <@U0ANA> no longer waits for the lock on *web in production*.'],
  [{ what: 'unlocked', of: 'U0ANA' }, '🔓 <@U0ANA> unlocked *web in production*.'],
  [
    { what: 'unlocked', of: 'U0LEE', reason: 'r' },
    '🔓 <@U0ANA> took the lock on *web in production* from <@U0LEE> (r).',
  ],
  [
    { what: 'lock_expired', by: undefined, of: 'U0LEE' },
    '🔓 The lock of <@U0LEE> on *web in production* is over, because its time is up.',
  ],
  [
    { what: 'granted', to: 'U0KIM', until },
    '🔒 <@U0KIM> has the lock on *web in production* now until 2026-11-24 12:00 UTC; /signalbox unlock gives it back earlier.',
  ],
  [
    { what: 'handed_over', of: 'U0LEE', to: 'U0KIM', until },
    '🔒 <@U0ANA> handed the lock of <@U0LEE> on *web in production* to <@U0KIM> until 2026-11-24 12:00 UTC.',
  ],
  [
    { what: 'frozen', service: undefined, reason: 'r' },
    '🧊 <@U0ANA> froze *production* until somebody thaws it (r). Rollbacks still work.',
  ],
  [{ what: 'thawed' }, '🌤️ <@U0ANA> thawed *web in production*; what waited for it goes on by itself.'],
  [
    { what: 'freeze_expired' },
    '🌤️ The freeze of *web in production* is over, because its time is up; what waited for it goes on by itself.',
  ],
  [
    { what: 'stopped', reason: 'r' },
    '🛑 <@U0ANA> stopped everything (r): nothing begins until somebody says `/signalbox go`. Rollbacks still work.',
  ],
  [{ what: 'resumed' }, '🟢 <@U0ANA> lifted the stop; what waited goes on by itself.'],
])('$what is one full sentence', (event, sentence) => {
  expect(holdSentence({ ...base, ...event }, { dateTokens: false })).toBe(sentence);
});

const holds: Holds = {
  format: 1,
  stop: { by: 'U0DAN', person: 'U0DAN', channel: '#c', reason: '<!channel> *now*', since: until },
  freezes: [{ environment: 'production', by: 'U0ANA', person: 'U0ANA', channel: '#c', reason: 'audit', since: until }],
  locks: [
    {
      service: 'web',
      environment: 'production',
      channel: '#c',
      holder: { by: 'U0ANA', person: 'U0ANA', reason: 'a migration', forMs: 1, since: until, until },
      queue: [{ by: 'U0LEE', person: 'U0LEE', reason: 'next', change: 'v3', forMs: 3_600_000 }],
    },
  ],
};

test('a reason is text, whatever it says', () => {
  const [stopped] = holdLines(holds);
  expect(stopped).not.toContain('<!channel>');
  expect(stopped).not.toMatch(/(?<!\u200b)\*now\*/);
  expect(holdSentence({ ...base, what: 'stopped', reason: '<!here>' })).not.toContain('<!here>');
  expect(answerWords('until 2026-11-24T12:00:00.000Z, <!channel>')).toMatch(
    /^until <!date\^1795521600\^.*, &lt;!channel&gt;$/,
  );
});

test('what is held is shown with who waits, in Slack and without its markup', () => {
  expect(holdLines(holds, { dateTokens: false })[2]).toBe(
    '🔒 *web in production* is locked by <@U0ANA> until 2026-11-24 12:00 UTC: a migration. In line: 1. <@U0LEE> for `v3` alone by 2026-11-24 12:00 UTC (next).',
  );
  expect(plainHoldLines(holds)).toEqual([
    `🛑 Everything is stopped by U0DAN since ${until}: <!channel> *now*. Rollbacks still work.`,
    '🧊 production is frozen by U0ANA until somebody thaws it: audit.',
    `🔒 web in production is locked by U0ANA until ${until}: a migration. In line: 1. U0LEE for v3 alone by ${until} (next).`,
  ]);
  expect(holdsMessage(holds).text).toBe('Everything is stopped, 1 freeze and 1 lock by command.');
});
