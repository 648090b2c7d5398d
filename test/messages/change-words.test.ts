import type { ChangeView } from '../../src/code/change';
import { changeWords } from '../../src/messages/change-words';
import { operationCard } from '../../src/messages/operation-card';
import { approvalModal } from '../../src/messages/vote-modals';
import { markupOf, problemsOf } from './reading';
import { ballotView, operationView, waitingView } from './views';

const known: ChangeView = {
  kind: 'known',
  commit: 'c'.repeat(40),
  commits: 3,
  authors: ['Ana Ruiz', 'Lee Park'],
  moreAuthors: 0,
  filesChanged: 1,
  linesAdded: 10,
  linesRemoved: 2,
  url: 'https://github.com/kestrel/shop/compare/a...b',
};
const unknown: ChangeView = { kind: 'unknown', because: 'configs/services/shop.yaml names no repository of its code' };

test.each<[string, ChangeView, string]>([
  [
    'everything',
    known,
    '3 commits by Ana Ruiz and Lee Park · 1 file, +10 −2 lines · <https://github.com/kestrel/shop/compare/a...b|compare>',
  ],
  [
    'one commit of one person, without a page',
    { ...known, commits: 1, authors: ['Ana'], url: undefined },
    '1 commit by Ana · 1 file, +10 −2 lines · `cccccccccc`',
  ],
  [
    'many people',
    { ...known, moreAuthors: 7, url: undefined, filesChanged: undefined },
    '3 commits by Ana Ruiz, Lee Park and 7 more · `cccccccccc`',
  ],
  [
    'nothing new',
    { ...known, commits: 0, authors: [], filesChanged: 0, linesAdded: 0, linesRemoved: 0, url: undefined },
    '0 commits · 0 files, +0 −0 lines · `cccccccccc`',
  ],
  [
    'too many to tell',
    { kind: 'known', commit: 'c'.repeat(40), commits: 9_000 },
    '9000 commits, authors unknown · `cccccccccc`',
  ],
  [
    'a step back',
    { kind: 'known', commit: 'c'.repeat(40), commits: 0, isStepBack: true },
    '⚠️ A step back: what runs is newer.\n0 commits · `cccccccccc`',
  ],
  ['nobody knows', unknown, 'Authors unknown, because configs/services/shop.yaml names no repository of its code.'],
  [
    'names that would ping or break out',
    { ...known, authors: ['<!channel> *x* <@U0ANA>'], url: undefined },
    expect.not.stringMatching(/<!channel>|<@U0ANA>/),
  ],
])('a change is told in a line: %s', (_what, change, words) => {
  expect(changeWords(change)).toEqual(words);
});

test.each([
  ['the card', (change: ChangeView) => markupOf(operationCard({ ...waitingView, change }))],
  [
    'the dialog of Approve',
    (change: ChangeView) =>
      JSON.stringify(
        approvalModal({
          value: { o: waitingView.id, b: ballotView.id, d: ballotView.digest },
          meta: {} as never,
          view: { ...waitingView, change },
        }),
      ),
  ],
])('%s says how many commits and by whom', (_where, show) => {
  expect(show(known)).toContain('3 commits by Ana Ruiz and Lee Park');
  expect(show(unknown)).toContain('Authors unknown');
});

test('a rollback, and what is over, do not speak of unknown authors', () => {
  for (const view of [
    operationView({ kind: 'rollback', change: unknown }),
    operationView({ state: 'succeeded', change: unknown }),
  ])
    expect(markupOf(operationCard(view))).not.toContain('Authors unknown');
});

test('the card explains each point of a fact', () => {
  const why = ['risk is at least medium, because a (policy.yaml:1).', 'risk is high, because b (policy.yaml:2).'].map(
    (message) => ({ rule: 'fact risk', message }),
  );
  const card = operationCard({ ...waitingView, why: [...waitingView.why, ...why] });
  expect(problemsOf(card)).toEqual([]);
  for (const { message } of why) expect(markupOf(card)).toContain(message);
});
