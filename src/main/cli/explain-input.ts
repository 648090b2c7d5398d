import { z } from 'zod';
import { operationKinds } from '../../operation/request';
import { complaintWords } from '../../documents/complaint-words';
import { instant, instantWords, isInstant } from '../../documents/instant';
import { didYouMean } from '../../documents/nearest';
import { changeFactsOf, changeTold } from '../../policy/change-told';
import { planFields } from '../../policy/names';
import type { Policy } from '../../policy/policy';
import type { PolicyRequest, World } from '../../policy/request';
import { BadInput } from './command';

const text = z.string().min(1);

const requester = z.union([
  text.transform((id) => ({ kind: 'person' as const, id, via: 'slack' as const })),
  z
    .strictObject({ kind: z.enum(['person', 'machine']), id: text })
    .transform(({ kind, id }) => ({ kind, id, via: 'cli' as const })),
]);

const requestSchema = z.strictObject({
  kind: z.enum(operationKinds),
  service: text.optional(),
  environment: text.optional(),
  version: text.optional(),
  requester,
  riskLevel: text.optional(),
  affectsPaymentSystems: z.boolean().optional(),
  reason: z.string().optional(),
  labels: z.array(text).optional(),
  authors: z.array(text).optional(),
  runbook: text.optional(),
  ref: text.optional(),
  inputs: z.record(z.string(), z.json()).optional(),
  /** Any other declared fact, by its own name. */
  raise: z.record(z.string(), z.union([text, z.boolean()])).optional(),
});

const planNumbers = Object.fromEntries(
  planFields.map((field) => [field, z.union([z.number().int(), z.literal('unknown')])]),
);

const factsSchema = z.strictObject({
  teams: z.record(z.string(), z.array(text)).optional(),
  votes: z.array(z.strictObject({ by: text, decision: z.enum(['approve', 'reject']), at: instant() })).optional(),
  history: z
    .array(
      z.strictObject({
        service: text,
        environment: text,
        version: text,
        succeededAt: instant(),
        rolledBackAt: instant().optional(),
      }),
    )
    .optional(),
  locks: z
    .array(
      z.strictObject({
        by: text,
        reason: z.string().default('no reason is given'),
        service: text.optional(),
        environment: text.optional(),
        until: instant().optional(),
        change: text.optional(),
      }),
    )
    .optional(),
  /** Freezes by command. */
  freezes: z
    .array(
      z.strictObject({
        by: text,
        reason: z.string().default('no reason is given'),
        environment: text,
        service: text.optional(),
        until: instant().optional(),
      }),
    )
    .optional(),
  stop: z.strictObject({ by: text, reason: z.string().default('no reason is given') }).optional(),
  incidents: z
    .array(
      z.strictObject({
        id: text.default('that is open'),
        state: z.enum(['declared', 'mitigated', 'resolved']).default('declared'),
        severity: z.enum(['sev1', 'sev2', 'sev3', 'sev4']).default('sev2'),
        service: text.optional(),
        environment: text.optional(),
      }),
    )
    .optional(),
  plan: z.strictObject(planNumbers).partial().optional(),
  /** Metrics that policy takes for facts; what is absent could not be read. */
  measured: z.record(z.string(), z.number()).default({}),
  paths: z.array(text).optional(),
  /** What the code repository tells of the change; what is absent could not be told. */
  change: changeTold.optional(),
  /** Owners of the paths in CODEOWNERS. */
  codeowners: z.array(text).optional(),
  /** Reviews of earlier break-glass that nobody has closed. */
  reviews: z
    .union([z.literal('unknown'), z.array(z.strictObject({ operation: text, by: text, dueAt: instant() }))])
    .optional(),
  requester: z.enum(['member', 'guest', 'stranger', 'deactivated', 'bot', 'unknown']).optional(),
  policyProblem: text.optional(),
});

/** A question to policy, as `policy explain` takes it. */
export interface Question {
  readonly request: PolicyRequest;
  readonly world: World;
  readonly now: Date;
}

/** Reads a question; what nobody gave is now and an empty world. Throws `BadInput` that names every wrong field. */
export function questionOf(
  given: { readonly request: unknown; readonly at?: unknown; readonly facts?: unknown },
  now: Date,
): Question {
  refuseSlips(given);
  const { riskLevel, affectsPaymentSystems, raise, ...request } = valid(requestSchema, given.request, 'The request');
  const { change, ...facts } = valid(factsSchema, given.facts ?? {}, 'The facts');
  if (request.kind === 'deploy' && request.version === undefined)
    throw new BadInput(
      'The request cannot be used: a deploy needs a "version", because what has to succeed elsewhere first and how long depends on it; add it.',
    );
  const at = given.at ?? now.toISOString();
  if (typeof at !== 'string' || !isInstant(at)) throw new BadInput(`The instant to judge at ${instantWords}.`);
  return {
    request: {
      ...request,
      raise: {
        ...raise,
        ...(riskLevel === undefined ? {} : { risk_level: riskLevel }),
        ...(affectsPaymentSystems === undefined ? {} : { affects_payment_systems: affectsPaymentSystems }),
      },
    },
    // Without a plan there is nothing it would destroy or create, as for `signalbox why`.
    world: { ...facts, plan: facts.plan ?? {}, ...(change && { change: changeFactsOf(change) }) } as World,
    now: new Date(at),
  };
}

/** Throws `BadInput` for members that the facts tell of teams which the policy does not have: nobody would be asked. */
export function refuseUnknownTeams({ world }: Pick<Question, 'world'>, { teams }: Pick<Policy, 'teams'>): void {
  for (const team of Object.keys(world.teams ?? {})) {
    if (teams.has(team)) continue;
    const hint = didYouMean(team, teams.keys()) ?? `teams: ${[...teams.keys()].join(', ') || 'none'}`;
    throw new BadInput(`The facts cannot be used: policy has no team "${team}" (${hint}).`);
  }
}

function valid<Value>(schema: z.ZodType<Value>, value: unknown, what: string): Value {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = complaintWords({ schema, value, issues: parsed.error.issues });
  throw new BadInput(`${what} cannot be used: ${problems.slice(0, 8).join('; ')}.`);
}

/** Lines of a batch may carry keys of their own; one that nearly names a part of the question is a slip. */
function refuseSlips(given: object): void {
  const known = ['request', 'at', 'facts'];
  for (const key of Object.keys(given)) {
    const hint = known.includes(key) ? undefined : didYouMean(key, known);
    if (hint !== undefined) throw new BadInput(`The question cannot be used: unknown key "${key}" (${hint}).`);
  }
}
