import { z } from 'zod';
import { connectionKinds, secretReference } from '../connections/schema';
import { text } from '../documents/text';
import { triggersSchema } from './trigger-schema';

/**
 * The shape of `runbooks/<name>.yaml` (DESIGN section 5). Only the shape: what it means is checked by `checkRunbook`,
 * so that a JSON Schema can be made from this one.
 */
const id = z
  .string()
  .regex(
    /^[a-z][a-z0-9_]*$/,
    'has to be lower-case letters, digits and underscores, a letter first (a hyphen is a minus in expressions)',
  );

const json = z.json();
const common = { help: text().optional() };
const anInput = <Shape extends z.core.$ZodLooseShape>(shape: Shape) => z.strictObject({ ...shape, ...common });

const simple = ['ipv4', 'ipv6', 'cidr', 'duration', 'version', 'git_ref', 'service', 'environment'] as const;

const item = z.strictObject({
  type: z.enum(['string', 'integer', 'percent', ...simple]),
  pattern: text().optional(),
  min: z.int().optional(),
  max: z.int().optional(),
});

export const inputSchema = z.discriminatedUnion('type', [
  anInput({ type: z.literal('string'), pattern: text().optional(), default: z.string().optional() }),
  anInput({
    type: z.literal('integer'),
    min: z.int().optional(),
    max: z.int().optional(),
    default: z.int().optional(),
  }),
  anInput({ type: z.literal('boolean'), default: z.boolean().optional() }),
  anInput({ type: z.literal('choice'), options: z.array(text()).min(1).max(100), default: text().optional() }),
  anInput({
    type: z.literal('list'),
    items: item.optional(),
    min: z.int().min(0).optional(),
    max: z.int().min(0).optional(),
    default: z.array(json).optional(),
  }),
  anInput({ type: z.literal('percent'), default: z.union([z.number(), z.string()]).optional() }),
  /** The name of a connection; a step may use it as its `connection`. */
  anInput({ type: z.literal('connection'), kind: z.enum(connectionKinds), default: z.string().optional() }),
  /** Names of hosts, each once. */
  anInput({
    type: z.literal('hosts'),
    min: z.int().min(0).optional(),
    max: z.int().min(0).optional(),
    default: z.array(z.string()).optional(),
  }),
  /** A path of the policy repository or of a repository that a step works with, below a folder. */
  anInput({ type: z.literal('path'), under: text(), default: z.string().optional() }),
  /** One of the secrets that its author lists. People and expressions see its name; a step gets the reference. */
  anInput({ type: z.literal('secret'), options: z.record(text(), secretReference), default: text().optional() }),
  anInput({ type: z.enum(simple), default: z.string().optional() }),
]);

const find = z.strictObject({
  with: z.record(z.string(), json),
  found: text(),
  outputs: z.record(id, text()).optional(),
});

const retry = z.strictObject({
  attempts: z.int().min(1).max(50),
  first: text().optional(),
  backoff: z.number().min(1).max(10).optional(),
});

/** Written out, so that people approve where it runs. */
const poolName = text().regex(
  /^[a-z0-9][a-z0-9-]{0,62}$/,
  'has to be the name of a pool: lower-case letters, digits and hyphens',
);

const undoCall = z.strictObject({
  uses: text(),
  with: z.record(z.string(), json).optional(),
  timeout: text().optional(),
  'runs-on': poolName.optional(),
});

export const stepSchema = z.strictObject({
  id: id.optional(),
  name: text().max(120).optional(),
  uses: text(),
  with: z.record(z.string(), json).optional(),
  if: text().optional(),
  outputs: z.record(id, text()).optional(),
  find: find.optional(),
  repeat: z.enum(['safe', 'find', 'never']).optional(),
  retry: retry.optional(),
  timeout: text().optional(),
  until: text().optional(),
  every: text().optional(),
  for: text().optional(),
  expect: text().optional(),
  else: text().optional(),
  undo: z.union([z.enum(['none', 'rollback']), undoCall]).optional(),
  'on-failure': z.enum(['stop', 'continue', 'ask']).optional(),
  /** Of a `resolve` step: whether it is done once more just before the first side effect. */
  recheck: z.boolean().optional(),
  /** Whether people may pass it over while it runs. */
  skippable: z.boolean().optional(),
  'runs-on': poolName.optional(),
  summary: text().optional(),
  /** The steps of a `parallel` or a `foreach`. */
  get steps(): z.ZodOptional<z.ZodArray<typeof stepSchema>> {
    return z.array(stepSchema).min(1).max(50).optional();
  },
});

const runbookName = text().regex(
  /^[a-z][a-z0-9-]*$/,
  'has to be lower-case letters, digits and hyphens, a letter first',
);

const parts = {
  name: runbookName,
  /** One sentence for help and menus. */
  help: text().max(300).optional(),
  /** The order of the inputs is the order in which a command takes them without names. */
  inputs: z.record(id, inputSchema).optional(),
  steps: z.array(stepSchema).min(1).max(150),
  /** Name -> expression over the steps: what another runbook that runs this one sees. */
  outputs: z.record(id, text()).optional(),
};

/** The shape of `actions/<name>.yaml`: steps under one name, used as a step. */
export const actionSchema = z.strictObject(parts);

/** What a runbook under `runbooks/provision/` makes and what becomes of it. */
const resourceSchema = z.strictObject({
  kind: runbookName,
  /** From the inputs: people name it by this. */
  name: text(),
  /** Whether what it holds outlives it; whoever destroys what is lost has to type its name. */
  data: z.enum(['kept', 'lost']).optional(),
  /** `undo`, or the name of a runbook that takes it away. */
  destroy: text().optional(),
  lease: z.strictObject({ default: text(), max: text().optional(), remind: text().optional() }).optional(),
});

export const runbookSchema = z.strictObject({
  ...parts,
  resource: resourceSchema.optional(),
  /** Runs with the same one are carried out one after the other; from the inputs. */
  lane: text().max(300).optional(),
  /** What starts it without anybody asking. */
  on: triggersSchema.optional(),
  /** Teams that have to agree besides those whom policy asks: one person each, or `count` of them. */
  approvals: z
    .array(z.union([text(), z.strictObject({ team: text(), count: z.int().min(1).max(10).optional() })]))
    .min(1)
    .max(10)
    .optional(),
  /** Windows of the policy, besides those of the environment: it begins while one of them is open. */
  windows: z.array(text()).min(1).max(10).optional(),
  resolve: z.array(stepSchema).max(20).optional(),
  /** Run at the end, however it ended; what fails here is told and changes nothing. */
  finally: z.array(stepSchema).max(20).optional(),
});

export type Action = z.infer<typeof actionSchema>;
export type Runbook = z.infer<typeof runbookSchema>;
export type RunbookStep = z.infer<typeof stepSchema>;
export type RunbookInput = z.infer<typeof inputSchema>;

/** Id by which other steps name a step: its own, or its place (from 1) when it has none. */
export function stepIdOf(step: Pick<RunbookStep, 'id'>, index: number, stem = 'step'): string {
  return step.id ?? `${stem}_${index + 1}`;
}
