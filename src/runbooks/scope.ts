import type { NameSpace, Shape } from '../expressions/names';
import type { RunbookInput } from './schema';

/** Fields of `operation` in expressions. What is not known is an empty text. */
export const operationFields = [
  'id',
  /** The idempotency key of the step that asks: the same for every attempt. */
  'key',
  /** The key as 32 capital letters and digits, a letter first: for sides that take no longer or other one. */
  'mark',
  'kind',
  'service',
  'environment',
  'version',
  /** What the version stands for in the service's code repository. */
  'commit',
  'previous_version',
  'runbook',
  'requester',
  'reason',
  'policy_commit',
  /** `<epoch>.<number>` of the lane's fence; empty without a lane. */
  'fence',
] as const;

/** Value of a scope input that is known only once the lane is held: the runner puts `late[name]` in its place. */
export interface LateInput {
  readonly $late: 'previous_version';
}

export const previousVersionLate: LateInput = { $late: 'previous_version' };

export function isLate(value: unknown): value is LateInput {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, '$late');
}

/** Scope of the `resolve` steps, whose outputs are `resolve` to everything else. No runbook can have this name. */
export const resolveScope = '@resolve';

/** Names that mean something in every expression. */
export const rootNames: readonly string[] = [
  'inputs',
  'resolve',
  'steps',
  'operation',
  'service',
  'environment',
  'event',
  'now',
  'targets',
];

/** Name by which the steps of a `foreach` see the target. */
export function itemNameOf(step: { readonly with?: { readonly [key: string]: unknown } }): string {
  return typeof step.with?.as === 'string' ? step.with.as : 'item';
}

/** Names that a template may use, with the fields that the runbook declares. */
export function namesFor(input: {
  readonly inputs: { readonly [name: string]: RunbookInput };
  /** Step id -> names of its outputs. */
  readonly resolve: { readonly [id: string]: readonly string[] };
  readonly steps: { readonly [id: string]: readonly string[] };
  readonly tells: readonly string[];
  /** Names of the targets of the lists it is done for. */
  readonly items?: readonly string[];
}): NameSpace {
  const open = [...input.tells, ...(input.items ?? [])];
  return {
    inputs: { fields: mapValues(input.inputs, shapeOfInput) },
    resolve: { fields: mapValues(input.resolve, outputsShape) },
    steps: { fields: mapValues(input.steps, outputsShape) },
    operation: { fields: operationFields },
    service: 'open',
    environment: 'open',
    ...Object.fromEntries(open.map((name) => [name, 'open' as const])),
  };
}

function outputsShape(outputs: readonly string[]): Shape {
  return { fields: { outputs: { fields: outputs } } };
}

function shapeOfInput(input: RunbookInput): Shape {
  switch (input.type) {
    case 'integer':
    case 'percent':
      return 'number';
    case 'boolean':
      return 'bool';
    case 'list':
    case 'hosts':
      return 'list';
    case 'secret':
      return { oneOf: Object.keys(input.options) };
    case 'choice':
      return { oneOf: input.options };
    default:
      return 'text';
  }
}

function mapValues<From, To>(
  map: { readonly [key: string]: From },
  change: (value: From) => To,
): { readonly [key: string]: To } {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
}
