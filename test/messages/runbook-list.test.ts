import { ACTIONS, decodeValue } from '../../src/messages/actions';
import { isFound, runbookListLines, runbookListMessage, type RunbookList } from '../../src/messages/runbook-list';
import { buttonsOf, markupOf, problemsOf, valuesOf } from './reading';

const many = (count: number): RunbookList => ({
  of: 'runbook',
  words: '',
  runbooks: Array.from({ length: count }, (_, index) => ({
    name: `book-${String(index).padStart(3, '0')}`,
    folder: `team-${index}/area`,
    about: `Does the thing number ${index}.\nWith a second line.`,
    inputs: ['<host>', '[minutes]'],
  })),
});

test('a row has the name, its inputs, the first line of its description, and a button that runs it', () => {
  const message = runbookListMessage(many(1));
  expect(message.text).toBe('1 runbook that you may run.');
  expect(markupOf(message)).toContain('*book-000* `&lt;host&gt; [minutes]`\nDoes the thing number 0.');
  expect(markupOf(message)).not.toContain('second line');
  const [row] = message.blocks.filter((block) => 'accessory' in block) as { accessory: { value: string } }[];
  expect(row!.accessory).toMatchObject({ action_id: ACTIONS.runbookRun, accessibility_label: 'Run book-000' });
  expect(decodeValue(row!.accessory.value)).toEqual({ r: 'book-000', k: 'runbook' });
});

test('rows are grouped by folder', () => {
  const runbooks = ['a', 'a', 'b'].map((folder, index) => ({ name: `x${index}`, folder, inputs: [] }));
  const heads = markupOf(runbookListMessage({ of: 'runbook', words: '', runbooks })).match(/📁 `[^`]*`/g);
  expect(heads).toEqual(['📁 `runbooks/a`', '📁 `runbooks/b`']);
});

test.each([
  [1, 0, 'of 1', [], 1],
  [15, 0, '', [], 15],
  [16, 0, 'Page 1 of 2.', [ACTIONS.runbookNext], 15],
  [16, 1, 'Page 2 of 2.', [ACTIONS.runbookPrevious], 1],
  [40, 1, 'Page 2 of 3.', [ACTIONS.runbookPrevious, ACTIONS.runbookNext], 15],
  [40, 99, 'Page 3 of 3.', [ACTIONS.runbookPrevious], 10],
  [5_000, 0, 'Page 1 of 334.', [ACTIONS.runbookNext], 15],
])('of %s runbooks page %s is one that Slack takes', (count, page, place, buttons, rows) => {
  const message = runbookListMessage({ ...many(count), words: count > 15 ? 'book' : '' }, page);
  expect(problemsOf(message)).toEqual([]);
  if (place.startsWith('Page')) expect(message.text).toContain(place);
  expect(buttonsOf(message)).toEqual(buttons);
  expect(message.blocks.filter((block) => 'accessory' in block)).toHaveLength(rows);
  for (const value of valuesOf(message)) expect(decodeValue(value)).toMatchObject({ k: 'runbook', s: 'book' });
});

test.each([
  ['patch', true],
  ['PATCH weekly', true],
  ['hosts/', true],
  ['patch monthly', false],
  ['.*', false],
])('searching for %s finds it: %s', (words, found) => {
  expect(isFound({ name: 'patch-all', folder: 'hosts', about: 'Runs weekly.' }, words)).toBe(found);
});

test.each<[string, Partial<RunbookList>, string]>([
  ['nothing is found', { words: 'x' }, 'No runbook that you may run is found by "x"; /runbook list shows all of them.'],
  [
    'there is none',
    {},
    'There is no runbook that you may run in runbooks/ of the policy repository; whoever owns it can add one.',
  ],
  [
    'there is none to provision',
    { of: 'provision' },
    'There is no runbook that you may run in runbooks/provision/ of the policy repository; whoever owns it can add one.',
  ],
])('says so when %s', (_what, change, sentence) => {
  const list: RunbookList = { ...many(0), ...change };
  expect(runbookListMessage(list).text).toBe(sentence);
  expect(runbookListLines(list)).toEqual([sentence]);
});

test('the command line lists all of them', () => {
  expect(runbookListLines(many(40))).toHaveLength(40);
  expect(runbookListLines(many(40))[0]).toBe('• book-000 <host> [minutes]: Does the thing number 0.');
});
