import fc from 'fast-check';
import { helpFor, helpText } from '../../src/commands/help';
import { commands } from '../../src/commands/registry';
import { linesMessage } from '../../src/messages/lines-message';
import { markupOf, problemsOf } from './reading';

const instead = 'ask for less.';
const shown = (lines: readonly string[]): string => markupOf({ blocks: linesMessage(lines, instead).blocks }).trim();

test('the whole help is in one message: how to see more first, then a section for each command', () => {
  const message = linesMessage(helpText(helpFor({})).split('\n'), instead);
  expect(problemsOf(message)).toEqual([]);
  const text = shown(helpText(helpFor({})).split('\n'));
  expect(text.startsWith('/signalbox help &lt;command&gt; says more.')).toBe(true);
  for (const { command, subcommands } of commands) {
    expect(text).toContain(`${command}: `);
    for (const { summary } of subcommands) expect(text.replace(/\u200b/g, '')).toContain(summary);
  }
  expect(message.blocks).toHaveLength(commands.length + 1);
  expect(text).not.toContain('not fit');
});

test.each(commands.map(({ command }) => command.slice(1)))('so is the help of %s', (topic) => {
  const lines = helpText(helpFor({ topic })).split('\n');
  expect(problemsOf(linesMessage(lines, instead))).toEqual([]);
  expect(shown(lines)).not.toContain('not fit');
});

test('what does not fit is counted, and what to do about it is said', () => {
  const lines = Array.from({ length: 400 }, (_, index) => `Line ${index} ${'x'.repeat(90)}`);
  const text = shown(lines);
  const [, left] = /… (\d+) more lines do not fit into one Slack message; ask for less\./.exec(text) ?? [];
  expect(text).toContain(`Line ${399 - Number(left)} `);
  expect(text).not.toContain(`Line ${400 - Number(left)} `);
});

test('whatever the lines are, Slack takes the message and reads nothing in it', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 400 }),
          fc.constantFrom('<!channel>', '', ' ', '    <@U0LEE>', '&'.repeat(4_000), '```'),
        ),
        { maxLength: 120 },
      ),
      (lines) => {
        const message = linesMessage(lines, instead);
        expect(problemsOf({ ...message, text: message.text || '-' })).toEqual([]);
        expect(markupOf(message)).not.toMatch(/<[!@]/);
      },
    ),
    { numRuns: 100 },
  );
});
