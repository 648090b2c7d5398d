import { tellingSteps } from '../../src/operation/telling-steps';
import type { StepView } from '../../src/operation/view';

type State = StepView['state'];
type Row = Pick<StepView, 'name' | 'state' | 'depth'>;

/** Thirty rows, done until `begun`, in other states where `states` says so. */
function rows(begun: number, states: { readonly [index: number]: State } = {}): readonly Row[] {
  return Array.from({ length: 30 }, (_, index) => ({
    name: String(index),
    state: states[index] ?? (index < begun ? 'done' : 'waiting'),
  }));
}

const namesOf = (steps: readonly Row[]): readonly string[] => tellingSteps(steps, 12).map(({ name }) => name);
const from = (first: number): readonly string[] => Array.from({ length: 12 }, (_, index) => String(first + index));

test.each<[string, readonly Row[], readonly string[]]>([
  ['what runs now', rows(15, { 15: 'running' }), from(9)],
  ['an undo that failed', rows(0, { 3: 'undo_failed' }), from(0)],
  ['what is undone now', rows(0, { 12: 'undoing' }), from(6)],
  ['the next step, between two steps', rows(15), from(9)],
  ['the end, when all is done', rows(30), from(18)],
  ['the beginning, before anything is done', rows(0), from(0)],
])('shows %s', (_what, steps, wanted) => {
  expect(namesOf(steps)).toEqual(wanted);
});

test('what failed stays in sight of what is undone, and the present step is never crowded out', () => {
  expect(namesOf(rows(0, { 3: 'undo_failed', 25: 'failed' }))).toEqual([...from(0).slice(0, 11), '25']);
  const failed = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [index, 'failed' as const]));
  expect(namesOf(rows(25, { ...failed, 25: 'running' }))).toContain('25');
});

test('the part of a group that runs goes before the group', () => {
  const steps = rows(28, { 1: 'running', 27: 'running' }).map((row, index) => ({ ...row, depth: index > 1 ? 1 : 0 }));
  expect(namesOf(steps)).toContain('27');
});

test('few steps are shown as they are', () => {
  const steps = rows(3).slice(0, 12);
  expect(tellingSteps(steps, 12)).toBe(steps);
});
