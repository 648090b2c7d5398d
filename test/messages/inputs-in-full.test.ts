import fc from 'fast-check';
import { operationLines } from '../../src/main/cli/words';
import { renderNotice } from '../../src/messages/notices';
import { operationCard } from '../../src/messages/operation-card';
import { approvalModal, rejectModal } from '../../src/messages/vote-modals';
import { inputsInFull, isShort } from '../../src/operation/inputs-on-card';
import { hostileValues } from '../helpers/hostile-values';
import { checkView } from '../slack-rules/view-rules';
import { markupOf, problemsOf } from './reading';
import { ballotView, operationView } from './views';

const value = { o: 'o', b: 'b1', d: 'd1' };
const meta = { channel: 'C1', ts: '1.1', actionId: '2.2' };

const jcl = [
  '//PAYROLL  JOB (ACCT),CLASS=A',
  ...Array.from({ length: 59 }, (_, at) => `//STEP${at}   EXEC PGM=<A&B>`),
].join('\n');
const fourteen = Object.fromEntries(
  Array.from({ length: 14 }, (_, index) => [`input_${index + 1}`, `value ${index + 1}`]),
);

const withInputs = (inputs: { readonly [name: string]: string }, reason = 'Because') =>
  operationView({ ballots: [ballotView], inputs, reason });
const modals = [
  ['Approve', approvalModal],
  ['Reject', rejectModal],
] as const;

/** What somebody reads: entities as characters, fences away. */
const read = (message: { readonly blocks: readonly unknown[] }): string =>
  markupOf(message)
    .replace(/```\n?/g, '')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&');

describe.each(modals)('the dialog behind %s', (_name, make) => {
  const shown = (view: ReturnType<typeof operationView>) => {
    const made = make({ value, meta, view, voter: 'U0DIRECTOR' });
    expect(checkView(made, 'modal')).toEqual([]);
    return read(made);
  };

  test('has every input, however many there are', () => {
    for (const index of [1, 10, 11, 14])
      expect(shown(withInputs(fourteen))).toContain(`\`input_${index}\` value ${index}`);
  });

  test('has a long one whole, with its line ends and columns, and says how long it is', () => {
    const all = shown(withInputs({ jcl, code_page: '1047' }));
    for (const line of jcl.split('\n')) expect(all).toContain(line);
    expect(all).toContain('`jcl` _(1,553 characters in 60 lines)_');
  });

  test('has a long reason whole', () => {
    const reason = `${'a reason '.repeat(150)}and what it hides`;
    expect(shown(withInputs({}, reason))).toContain('and what it hides');
  });

  test('says how much does not fit', () => {
    const inputs = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`text_${at}`, 'x'.repeat(4_000)]));
    expect(shown(withInputs(inputs))).toMatch(/⚠️ [\d,]+ more characters do not fit into this dialog/);
  });
});

test('the card says what it cuts and how much there is of it, and how many inputs it leaves out', () => {
  const card = operationCard(withInputs({ jcl, ...fourteen }, 'why '.repeat(400)));
  expect(problemsOf(card)).toEqual([]);
  const shown = markupOf(card);
  expect(shown).toContain('_(1,553 characters in 60 lines, all in the thread)_');
  expect(shown).toContain('_(1,600 characters, all in the thread)_');
  expect(shown).toMatch(/… and \d more inputs, all in the thread/);
});

test('what fits is on the card whole, however much of it is escaped, and then nothing is said elsewhere', () => {
  const inputs = { query: '<a & b> '.repeat(5), pattern: '*_~:@'.repeat(6) };
  expect(inputsInFull({ reason: 'Short', inputs })).toEqual({ messages: [], left: 0 });
  expect(read(operationCard(withInputs(inputs)))).toContain('<a & b> <a & b> <a & b> <a & b> <a & b>');
});

test('every character that the card cuts is in the thread, in messages that Slack takes', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          fc.string({ maxLength: 80 }),
          fc.oneof(
            fc.string({ unit: 'binary', maxLength: 300 }),
            fc.constantFrom(
              ...hostileValues.map(String),
              jcl,
              '&'.repeat(4_000),
              '🚀'.repeat(2_000),
              'x\n'.repeat(2_000),
            ),
          ),
        ),
        { maxLength: 25 },
      ),
      fc.string({ maxLength: 200 }),
      (pairs, reason) => {
        const inputs = Object.fromEntries(pairs);
        const { messages, left } = inputsInFull({ reason, inputs });
        const card = operationCard(withInputs(inputs, reason));
        expect(problemsOf(card)).toEqual([]);
        const told = new Map<string, string>();
        for (const piece of messages.flat()) told.set(piece.name, (told.get(piece.name) ?? '') + piece.text);
        for (const [name, text] of Object.entries(inputs))
          if (left === 0 && !isShort(name, text)) expect(told.get(name)).toBe(text);
        for (const pieces of messages) {
          const message = renderNotice({ kind: 'inputs', pieces });
          expect(problemsOf(message)).toEqual([]);
          expect(JSON.stringify(message.blocks).length).toBeLessThan(30_000);
          expect(markupOf(message).length).toBeLessThan(12_000);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('the command line has all of it, too', () => {
  expect(operationLines(withInputs({ jcl })).join('\n')).toContain(`With jcl: ${jcl}`);
});
