import type { NameSpace, Shape } from '../expressions/cel';

/** A declared fact: its values from weakest to strictest. */
export type FactValues = readonly (string | boolean)[];

/** What a plan tells policy; a plan without a number has 0 of it. */
export const planFields = [
  'creates',
  'updates',
  'replaces',
  'destroys',
  'targets',
  'steps',
  'irreversible',
  'commits',
] as const;

/** Fields of `change` that facts may not be called. */
export const changeFields: { readonly [field: string]: Shape } = {
  kind: { oneOf: ['deploy', 'rollback', 'provision', 'runbook', 'policy'] },
  service: 'text',
  environment: 'text',
  version: 'text',
  ref: 'text',
  runbook: 'text',
  requester: 'text',
  requester_kind: { oneOf: ['person', 'machine'] },
  reason: 'text',
  labels: 'list',
  paths: 'list',
  inputs: 'open',
};

/** What every service document has once it is loaded; anything else has to be guarded by `has()`. */
const serviceShape: Shape = {
  known: {
    name: 'text',
    owner: 'text',
    compliance: { known: {} },
    deployment: { known: { regions: 'list', requires_dual_approval: 'bool', blackout_windows: 'list' } },
    monitoring: { known: { custom_metrics: 'list' } },
    dependencies: { known: { internal: 'list', external: 'list' } },
  },
};

/** What the conditions of a policy may name. */
export function conditionNames(facts: ReadonlyMap<string, FactValues>): NameSpace {
  const declared = [...facts].map(([fact, values]): [string, Shape] => [
    fact,
    typeof values[0] === 'boolean' ? 'bool' : { oneOf: values.map(String) },
  ]);
  return {
    change: { fields: { ...changeFields, ...Object.fromEntries(declared) } },
    service: serviceShape,
    environment: { fields: { name: 'text', branch: 'text', path: 'text', channel: 'text', strict: 'bool' } },
    plan: { fields: Object.fromEntries(planFields.map((field) => [field, 'number' as const])) },
    now: 'timestamp',
  };
}
