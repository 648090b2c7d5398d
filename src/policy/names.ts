import type { NameSpace, Shape } from '../expressions/cel';
import { operationKinds } from '../operation/request';

/** A declared fact: its values from weakest to strictest. */
export type FactValues = readonly (string | boolean)[];

/** Numbers that `resolve` steps tell of a plan as outputs of these names; a plan that has none of them has 0. */
export const toldFields = ['creates', 'updates', 'replaces', 'destroys', 'targets'] as const;

/** What a plan tells policy. */
export const planFields = [...toldFields, 'steps', 'irreversible'] as const;

/** Fields of `change` that the service's code repository tells. What it cannot tell is absent. */
export const lookedUpFields = {
  commit: 'text',
  ref: 'text',
  paths: 'list',
  commits: 'number',
  files_changed: 'number',
  lines_added: 'number',
  lines_removed: 'number',
  lines_changed: 'number',
  has_migration: 'bool',
  is_step_back: 'bool',
  first_by_author: 'bool',
} as const satisfies { readonly [field: string]: Shape };

/** Fields of `change` that facts may not be called. */
export const changeFields: { readonly [field: string]: Shape } = {
  kind: { oneOf: operationKinds },
  service: 'text',
  environment: 'text',
  version: 'text',
  runbook: 'text',
  /** What would be made or taken away: its name and its kind; empty where there is no such thing. */
  resource: 'text',
  resource_kind: 'text',
  requester: 'text',
  requester_kind: { oneOf: ['person', 'machine'] },
  reason: 'text',
  labels: 'list',
  inputs: 'open',
  authors_known: 'bool',
  hours_since_last_success: 'number',
  open_incidents: 'number',
  ...lookedUpFields,
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
export function conditionNames({
  facts,
  measured = [],
  hasMigrations = false,
  environments,
  labels,
}: {
  readonly facts: ReadonlyMap<string, FactValues>;
  /** Facts that are metrics. */
  readonly measured?: readonly string[];
  /** Whether policy says which files are migrations. */
  readonly hasMigrations?: boolean;
  /** Those that the policy declares: any other is denied, so no condition on it ever holds. */
  readonly environments: readonly string[];
  readonly labels: readonly string[];
}): NameSpace {
  const { has_migration: migration, ...fields } = changeFields;
  const declared = [...facts].map(([fact, values]): [string, Shape] => [
    fact,
    typeof values[0] === 'boolean' ? 'bool' : { oneOf: values.map(String) },
  ]);
  // What is asked for without an environment has the empty text.
  const environment: Shape = { oneOf: ['', ...environments] };
  return {
    change: {
      fields: {
        ...fields,
        environment,
        labels: { listOf: ['break_glass', ...labels] },
        ...(hasMigrations ? { has_migration: migration! } : {}),
        ...Object.fromEntries(declared),
      },
    },
    service: serviceShape,
    environment: { fields: { name: environment, branch: 'text', path: 'text', channel: 'text', strict: 'bool' } },
    plan: { fields: Object.fromEntries(planFields.map((field) => [field, 'number' as const])) },
    ...(measured.length > 0
      ? { measured: { fields: Object.fromEntries(measured.map((fact) => [fact, 'number' as const])) } }
      : {}),
    now: 'timestamp',
  };
}

/**
 * Whether a condition that could not be evaluated asks for what is looked up only after the first verdict: the numbers
 * of a plan, what is measured, and the change. It is then taken as holding, which is the strictest preview.
 */
export function isPreview(
  paths: readonly string[],
  world: { readonly plan?: unknown; readonly measured?: unknown; readonly isChangeLater?: boolean },
): boolean {
  const { plan, measured, isChangeLater = plan === undefined } = world;
  return paths.some((path) => {
    const [root, field = ''] = path.split('.');
    if (root === 'plan') return plan === undefined;
    if (root === 'measured') return measured === undefined;
    return root === 'change' && isChangeLater && Object.hasOwn(lookedUpFields, field);
  });
}
