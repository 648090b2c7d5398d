import fc from 'fast-check';
import { OutputReader } from '../../activities/steps/output-reader';
import { Redactor } from '../../activities/steps/redact';
import { StreamRedactor } from '../../activities/steps/stream-redactor';

const secrets = ['s3cr3t-token-one', 'p"ass\\wörd\nin two lines', 'aaaaaaaabaaaaaaaa'];

function redactor(): Redactor {
  const made = new Redactor();
  for (const secret of secrets) made.add(secret);
  return made;
}

test('whatever the pieces are, what comes out is what masking the whole would give', () => {
  const piece = fc.oneof(
    fc.constantFrom(...secrets, ...secrets.map((secret) => Buffer.from(secret).toString('base64'))),
    fc.string({ unit: 'grapheme' }),
  );
  fc.assert(
    fc.property(fc.array(piece), fc.array(fc.integer({ min: 1, max: 40 })), (pieces, cuts) => {
      const whole = Buffer.from(pieces.join(''));
      const stream = new StreamRedactor(redactor());
      let [shown, at] = ['', 0];
      for (const cut of cuts) {
        shown += stream.push(whole.subarray(at, at + cut));
        at += cut;
      }
      shown += stream.push(whole.subarray(at)) + stream.end();
      for (const secret of secrets) expect(shown).not.toContain(secret);
      expect(shown).toBe(redactor().text(whole.toString('utf8')));
    }),
    { numRuns: 3_000 },
  );
});

test('text that cannot be a part of a secret is shown before the stream ends', () => {
  const stream = new StreamRedactor(redactor());
  expect(stream.push(Buffer.from('x'.repeat(1_000)))).toMatch(/^x{800,}$/);
});

test('lines reach people masked, without colours, and one without end is cut', () => {
  const lines: string[] = [];
  const log: string[] = [];
  const reader = new OutputReader({
    redactor: redactor(),
    onText: (text) => log.push(text),
    onLine: (line) => lines.push(line),
  });
  reader.take('stdout', Buffer.from('\u001b[31mred\u001b[0m s3cr3t-tok'));
  reader.take('stderr', Buffer.from('oops\nit broke\n\n'));
  reader.take('stdout', Buffer.from(`en-one\n${'y'.repeat(9_000)}`));
  reader.end();
  const told = reader.told();
  expect(told.lastError).toBe('it broke');
  expect(told.lastLines).toContain('red ***');
  expect(told.isWhole).toBe(true);
  expect(log.join('')).not.toContain('s3cr3t');
  expect(Math.max(...lines.map((line) => line.length))).toBe(4_000);
  expect(told.stdout).toContain('s3cr3t-token-one');
});
