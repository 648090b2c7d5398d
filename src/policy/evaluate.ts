import type { Json, JsonObject } from '../json';
import { hasLabel, membership, placeOf, type Context, type Finding } from './context';
import { compareEvaluations } from './compare';
import { isBreakGlassFor } from './break-glass-scope';
import { changeVariables } from './change-variables';
import { computeFacts, factSentences, withFacts, type FactNote } from './facts';
import { holding } from './holding';
import { planFields } from './names';
import type { Environment, Policy, Service } from './policy';
import { strangersAmong } from './people';
import type { PolicyRequest, World } from './request';
import { rules } from './rules';
import type { Reason, ShadowFinding, Verdict } from './verdict';

export type { PolicyRequest, Standing, World } from './request';

/** A verdict with everything it was made of: the same answer goes to the gate, to `why` and into the ledger. */
export type Evaluation = Verdict & {
  readonly facts: JsonObject;
  readonly factNotes: readonly FactNote[];
  readonly why: readonly { readonly rule: string; readonly source?: string; readonly message: string }[];
  /** What rules with `mode: shadow` would have changed, each by itself; none of it counts. */
  readonly shadow: readonly ShadowFinding[];
  /** The queue to stand in; absent for work that belongs to no service in an environment. */
  readonly lane?: { readonly service: string; readonly environment: string };
  /** Channel of the card. */
  readonly channel: string;
  readonly policyCommit: string;
  /** What the record keeps for auditors: one entry for each regime that the service is under. */
  readonly evidence: JsonObject;
  /** Set for break-glass: who has to review it afterwards, and how soon. */
  readonly debt?: { readonly reviewBy: readonly string[]; readonly within?: string };
};

/**
 * What policy says of a request at an instant. Pure: equal arguments give equal answers. All rules are asked, so that
 * a denial names every reason at once; one denial outweighs everything that would allow.
 */
export function evaluate(input: Question): Evaluation {
  const asked = contextOf(input);
  const found = judge(asked);
  const shadow = input.policy.shadow.flatMap(({ rule, source, policy, when }): readonly ShadowFinding[] => {
    const under = contextUnder(policy, { input, asked });
    // Judging twice doubles the time, and a rule that does not hold asks for nothing.
    if (under.context.facts === asked.context.facts && holding(when, asked.context).kind === 'no') return [];
    const differences = compareEvaluations(found, judge(under));
    if (differences.length === 0) return [];
    const message = `"${rule}" is a shadow rule and changes nothing; if it were binding: ${differences.map(({ sentence }) => sentence).join(' ')}`;
    return [{ rule, message, source }];
  });
  return { ...found, shadow };
}

export interface Question {
  readonly policy: Policy;
  readonly request: PolicyRequest;
  readonly world: World;
  readonly now: Date;
}

/** A question with the facts computed. */
type Asked = { readonly context: Context } & Omit<ReturnType<typeof computeFacts>, 'facts' | 'later'>;

/** What the rules look at, with the facts computed. */
export function contextOf(input: Question): Asked {
  const { policy, world, now } = input;
  const request = withStrangers(input);
  const service = request.service === undefined ? undefined : policy.services.get(request.service);
  const environment = request.environment === undefined ? undefined : policy.environments.get(request.environment);
  const bare = variablesOf({ policy, request, world, now, service, environment });
  const { facts, notes, later, finding } = computeFacts({ policy, request, world, variables: bare });
  const context: Context = {
    policy,
    request,
    world,
    now,
    service,
    environment,
    facts,
    laterFacts: later,
    variables: withFacts(bare, facts),
    isRollback: request.kind === 'rollback',
    isBreakGlass: isBreakGlass({ policy, request, world, now, service }),
  };
  return { context, notes, finding };
}

/** Whoever asks by hand tells authors, and not which of them nobody knows. */
function withStrangers({ request, policy }: Question): PolicyRequest {
  const { authors, strangers } = request;
  if (authors === undefined || strangers !== undefined) return request;
  return { ...request, strangers: strangersAmong(policy.people, authors) };
}

/** The same question to a policy that differs in a shadow rule: unless that sets facts, they are what they were. */
function contextUnder(policy: Policy, { input, asked }: { readonly input: Question; readonly asked: Asked }): Asked {
  if (policy.factRules.length !== input.policy.factRules.length) return contextOf({ ...input, policy });
  const { environment } = asked.context;
  return {
    ...asked,
    context: { ...asked.context, policy, environment: environment && policy.environments.get(environment.name) },
  };
}

function judge({ context, notes, finding }: Asked): Evaluation {
  const { policy, facts, service, environment } = context;
  const findings = [finding, ...rules.map((rule) => rule(context))];
  const reasons = findings.flatMap((found) => found.reasons ?? []);
  const shared = {
    facts,
    factNotes: notes,
    why: whyOf(findings, factSentences({ facts, notes })),
    shadow: [],
    ...(service && environment ? { lane: { service: service.name, environment: environment.name } } : {}),
    channel: channelOf({ policy, request: context.request, environment }),
    policyCommit: policy.commit,
    evidence: Object.assign({}, ...findings.map(({ evidence }) => evidence ?? {})) as JsonObject,
    ...(context.isBreakGlass ? { debt: debtOf(policy) } : {}),
  };
  if (reasons.some(({ level }) => level === 'hard'))
    return { verdict: 'denied', reasons: hardFirst(reasons), ...shared };
  return { verdict: 'allowed', reasons, gates: findings.flatMap((found) => found.gates ?? []), ...shared };
}

function channelOf({
  policy: { channels },
  request,
  environment,
}: Pick<Context, 'policy' | 'request' | 'environment'>): string {
  const own = request.kind === 'policy' ? channels.policy : environment?.channel;
  return own ?? channels.default ?? channels.policy ?? '#general';
}

function isBreakGlass(input: Pick<Context, 'policy' | 'request' | 'world' | 'now' | 'service'>): boolean {
  const { policy, request } = input;
  const who = policy.file.break_glass?.who;
  if (!who || !hasLabel(request, 'break_glass') || request.requester.kind !== 'person') return false;
  return isBreakGlassFor(policy, request) && membership(input, who, request.requester.id) === 'yes';
}

function debtOf(policy: Policy): { readonly reviewBy: readonly string[]; readonly within?: string } {
  const { review_by: reviewBy = [], within } = policy.file.break_glass ?? {};
  return { reviewBy, within };
}

function hardFirst(reasons: readonly Reason[]): readonly Reason[] {
  return [...reasons.filter(({ level }) => level === 'hard'), ...reasons.filter(({ level }) => level !== 'hard')];
}

function whyOf(findings: readonly Finding[], facts: ReturnType<typeof factSentences>): Evaluation['why'] {
  const said = findings.flatMap((found) => [
    ...(found.why ?? []),
    ...(found.gates ?? []).filter(({ kind }) => kind !== 'approval'),
  ]);
  return [
    ...facts.map(({ fact, message }) => ({ rule: `fact ${fact}`, message })),
    ...said.map(({ rule, message, source }) => ({ rule, message, ...(source ? { source: placeOf(source) } : {}) })),
  ];
}

/** What conditions see. What is not known is left out, so that asking for it is an error and not a wrong answer. */
function variablesOf(input: {
  readonly policy: Policy;
  readonly request: PolicyRequest;
  readonly world: World;
  readonly now: Date;
  readonly service?: Service;
  readonly environment?: Environment;
}): JsonObject {
  const { request, world, service, environment } = input;
  const change: Record<string, Json> = {
    kind: request.kind,
    service: request.service ?? '',
    environment: request.environment ?? '',
    version: request.version ?? '',
    runbook: request.runbook ?? '',
    resource: world.resource?.name ?? request.resource?.name ?? '',
    resource_kind: world.resource?.kind ?? request.resource?.kind ?? '',
    requester: request.requester.id,
    requester_kind: request.requester.kind,
    reason: request.reason ?? '',
    labels: [...(request.labels ?? [])],
    inputs: request.inputs ?? {},
    ...changeVariables(input),
  };
  const numbers = planFields.map((field): [string, number | 'unknown'] => [field, world.plan?.[field] ?? 0]);
  const plan = world.plan && Object.fromEntries(numbers.filter(([, value]) => value !== 'unknown'));
  return {
    change,
    service: service?.document ?? noService,
    environment: {
      name: environment?.name ?? '',
      branch: environment?.branch ?? '',
      path: environment?.path ?? '',
      channel: environment?.channel ?? '',
      strict: environment?.strict ?? false,
    },
    ...(plan ? { plan } : {}),
    ...(world.measured ? { measured: world.measured } : {}),
    now: input.now.toISOString(),
  };
}

const noService: JsonObject = {
  name: '',
  owner: '',
  compliance: {},
  deployment: { regions: [], requires_dual_approval: false, blackout_windows: [] },
  monitoring: { custom_metrics: [] },
  dependencies: { internal: [], external: [] },
};
