import { shownInputs } from '../../src/operation/shown-inputs';
import type { Json } from '../../src/json';
import type { Plan } from '../../src/operation/plan';

it.each<[Json, string]>([
  ['v2', 'v2'],
  [5, '5'],
  [['web', 'db'], 'web, db'],
  [[], ''],
  [[{ name: 'web' }], '[{"name":"web"}]'],
])('an input of %j is shown as %s', (value, wanted) => {
  const plan = { operation: { kind: 'runbook', runbook: 'empty' }, scopes: { empty: { inputs: { value } } } };
  expect(shownInputs(plan as unknown as Plan)).toEqual({ value: wanted });
});
