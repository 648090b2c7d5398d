import fc from 'fast-check';
import { operationLines } from '../../src/main/cli/words';
import { operationCard } from '../../src/messages/operation-card';
import { approvalModal, rejectModal } from '../../src/messages/vote-modals';
import { finishedStates, type OperationState, type OperationView } from '../../src/operation/view';
import { hostileValues } from '../helpers/hostile-values';
import { checkView } from '../slack-rules/view-rules';
import { buttonsOf, markupOf, problemsOf } from './reading';
import { ballotView, operationView } from './views';

const value = { o: 'o', b: 'b1', d: 'd1' };
const meta = { channel: 'C1', ts: '1.1', actionId: '2.2' };

const terraform = {
  step: 'Plan the network',
  summary: '1 to destroy, 7 to create',
  lines: ['destroy aws_db.old', ...Array.from({ length: 7 }, (_, index) => `create aws_subnet.s${index}`)],
  moreLines: 12,
};

const found = (...items: NonNullable<OperationView['found']>): OperationView =>
  operationView({ ballots: [ballotView], found: items });

test('the card says before anybody approves what was found, with the first lines and how many there are besides', () => {
  const card = operationCard(found(terraform));
  expect(problemsOf(card)).toEqual([]);
  const shown = markupOf(card);
  expect(shown).toContain('*Found before anybody was asked*\n🔎 Plan the network: 1 to destroy, 7 to create');
  expect(shown).toContain('`destroy aws_db.old`');
  expect(shown).not.toContain('aws_subnet.s4');
  expect(shown).toContain('… and 15 more in the thread');
});

test.each([
  ['Approve', approvalModal],
  ['Reject', rejectModal],
])('the dialog behind %s shows every line that is bound to the plan', (_name, modal) => {
  const view = modal({ value, meta, view: found(terraform), voter: 'U0DIRECTOR' });
  expect(checkView(view, 'modal')).toEqual([]);
  const shown = markupOf(view);
  for (const line of terraform.lines) expect(shown).toContain(line);
  expect(shown).toContain('… and 12 more in the thread');
});

test.each(finishedStates)('a card that is %s no longer shows it', (state: OperationState) => {
  expect(markupOf(operationCard({ ...found(terraform), state }))).not.toContain('Found before');
});

test('a check that is over still shows what it found and what it would wait for, and has no buttons', () => {
  const card = operationCard({ ...found(terraform), ballots: [], state: 'succeeded', isCheck: true });
  const shown = markupOf(card);
  expect(shown).toContain('🔎 *Checked*');
  expect(shown).toContain('What the dry run found');
  expect(shown).toContain('Outside office hours.');
  expect(shown).toContain('Cannot be undone: The migration drops the column vat_old');
  expect(buttonsOf(card)).toEqual([]);
});

test('the command line shows it, too', () => {
  const lines = operationLines(found(terraform));
  expect(lines).toContain('Found by Plan the network: 1 to destroy, 7 to create.');
  expect(lines).toContain('  destroy aws_db.old');
  expect(lines).toContain('  and 12 more lines');
});

test('what a tool said is text and fits, whatever it said', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.constantFrom(...hostileStrings()), fc.string({ unit: 'binary', maxLength: 400 })),
      (text) => {
        const items = Array.from({ length: 8 }, () => ({
          step: text,
          summary: text,
          lines: Array(12).fill(text) as string[],
        }));
        const view = found(...items);
        expect(problemsOf(operationCard(view))).toEqual([]);
        const modal = approvalModal({ value, meta, view });
        expect(checkView(modal, 'modal')).toEqual([]);
        expect(JSON.stringify([operationCard(found(...items)).blocks, modal.blocks])).not.toMatch(
          /<!(?:here|channel|everyone)/,
        );
      },
    ),
    { numRuns: 80 },
  );
});

function hostileStrings(): readonly string[] {
  return hostileValues.map((each) => String(each));
}
