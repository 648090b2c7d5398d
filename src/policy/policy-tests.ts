import { z } from 'zod';
import { operationKinds } from '../operation/request';
import { documentBy, FileCache } from '../documents/file-cache';
import { instant } from '../documents/instant';
import type { Problem } from '../documents/read-yaml';
import { text } from '../documents/text';
import { changeFactsOf, changeTold } from './change-told';
import { evaluate, type Evaluation } from './evaluate';
import type { Policy } from './policy';
import type { PolicyRequest, World } from './request';

const fact = z.union([z.boolean(), text()]);

const held = z.strictObject({
  by: text(),
  reason: text().optional(),
  service: text().optional(),
  until: instant().optional(),
});

const test = z.strictObject({
  name: text(),
  at: instant(),
  request: z.strictObject({
    kind: z.enum(operationKinds),
    service: text().optional(),
    environment: text().optional(),
    version: text().optional(),
    runbook: text().optional(),
    /** Slack user id. */
    by: text().optional(),
    machine: text().optional(),
    reason: text().optional(),
    labels: z.array(text()).optional(),
    raise: z.record(z.string(), fact).optional(),
    authors: z.array(text()).optional(),
  }),
  world: z
    .strictObject({
      history: z
        .array(
          z.strictObject({
            service: text(),
            /** Several: it succeeded in each of them then. */
            environment: z.union([text(), z.array(text()).min(1)]),
            version: text(),
            succeeded_at: instant(),
            rolled_back_at: instant().optional(),
          }),
        )
        .optional(),
      plan: z.record(z.string(), z.number().int()).optional(),
      /** Metrics that policy takes for facts; what is absent could not be read. */
      measured: z.record(z.string(), z.number()).optional(),
      paths: z.array(text()).optional(),
      /** What the code repository tells of the change; what is absent could not be told. */
      change: changeTold.optional(),
      /** Owners of the paths in CODEOWNERS. */
      codeowners: z.array(text()).optional(),
      teams: z.record(z.string(), z.array(text())).optional(),
      votes: z.array(z.strictObject({ by: text(), at: instant(), decision: z.enum(['approve', 'reject']) })).optional(),
      incidents: z
        .array(z.strictObject({ id: text().optional(), service: text(), environment: text().optional() }))
        .optional(),
      locks: z.array(held.extend({ environment: text(), change: text().optional() })).optional(),
      /** Freezes by command. */
      freezes: z.array(held.extend({ environment: text() })).optional(),
      stop: z.strictObject({ by: text(), reason: text().optional() }).optional(),
      /** Break-glass that nobody has reviewed yet. */
      reviews: z.array(z.strictObject({ operation: text(), by: text(), due_at: instant() })).optional(),
    })
    .optional(),
  expect: z.strictObject({
    verdict: z.enum(['allowed', 'denied']),
    /** Rules that have to be among the reasons. */
    reasons: z.array(text()).optional(),
    /** Seats by team, all approvals together; `{}` when nobody has to approve. */
    seats: z.record(z.string(), z.number().int()).optional(),
    /** Whether the votes of the world are all that approvals need. */
    approved: z.boolean().optional(),
    /** Rules of gates that do not hold, approvals left out; all of them. */
    waits_for: z.array(text()).optional(),
    facts: z.record(z.string(), fact).optional(),
  }),
});

/** The shape of `policy_tests/<name>.yaml`. */
export const policyTestsSchema = z.strictObject({ tests: z.array(test).min(1).max(500) });

type PolicyTest = z.infer<typeof test>;

export interface PolicyTestResult {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  /** What differs from what the test expects; empty when it passes. */
  readonly differences: readonly string[];
}

/** Where tests lie. */
export const testsPlace = /^policy_tests\/[^/]+\.ya?ml$/;
/** Tests of one commit: they run before it binds, in a process that has other work. */
const maxTests = 2000;

/** Runs every test under `policy_tests/` of a policy's commit against that policy. */
export function runPolicyTests(
  policy: Policy,
  cache: FileCache = new FileCache(),
): {
  readonly results: readonly PolicyTestResult[];
  readonly problems: readonly Problem[];
} {
  const results: PolicyTestResult[] = [];
  const problems: Problem[] = [];
  for (const [file, named] of policy.files) {
    if (!testsPlace.test(file)) continue;
    const document = cache.get(documentBy(policyTestsSchema), { file, ...named });
    if (!document.ok) {
      problems.push(...document.problems);
      continue;
    }
    const { tests } = document.value;
    if (results.length + tests.length > maxTests) {
      const message = `there are more than ${maxTests} tests, so the rest was not run`;
      return { results, problems: [...problems, { file, line: 1, column: 1, message, hint: 'leave some out' }] };
    }
    for (const [index, entry] of tests.entries())
      results.push({
        file,
        line: document.lineOf(['tests', index]),
        name: entry.name,
        differences: differencesOf(entry, policy),
      });
  }
  return { results, problems };
}

function differencesOf(entry: PolicyTest, policy: Policy): readonly string[] {
  const evaluation = evaluate({ policy, request: requestOf(entry), world: worldOf(entry), now: new Date(entry.at) });
  const { expect } = entry;
  const differences: string[] = [];
  const compare = (what: string, wanted: unknown, got: unknown): void => {
    if (wanted !== undefined && JSON.stringify(wanted) !== JSON.stringify(got))
      differences.push(`${what} should be ${JSON.stringify(wanted)} and is ${JSON.stringify(got)}`);
  };
  compare('the verdict', expect.verdict, evaluation.verdict);
  for (const rule of expect.reasons ?? []) {
    if (!evaluation.reasons.some((reason) => reason.rule === rule))
      differences.push(
        `"${rule}" should be among the reasons: ${evaluation.reasons.map((reason) => reason.message).join(' ') || 'there are none'}`,
      );
  }
  compare('seats', expect.seats && sorted(expect.seats), sorted(seatsOf(evaluation)));
  compare('whether it is approved', expect.approved, isApproved(evaluation));
  compare('what it waits for', expect.waits_for && [...expect.waits_for].sort(), waitsOf(evaluation));
  for (const [name, value] of Object.entries(expect.facts ?? {}))
    compare(`the fact ${name}`, value, evaluation.facts[name]);
  return differences;
}

function seatsOf(evaluation: Evaluation): { readonly [team: string]: number } {
  const seats: Record<string, number> = {};
  for (const gate of evaluation.verdict === 'allowed' ? evaluation.gates : []) {
    for (const { team, count } of gate.kind === 'approval' ? gate.seats : []) seats[team] = (seats[team] ?? 0) + count;
  }
  return seats;
}

function isApproved(evaluation: Evaluation): boolean {
  return evaluation.verdict === 'allowed' && evaluation.gates.every(({ kind, holds }) => kind !== 'approval' || holds);
}

function waitsOf(evaluation: Evaluation): readonly string[] {
  const gates = evaluation.verdict === 'allowed' ? evaluation.gates : [];
  return gates
    .filter(({ kind, holds }) => kind !== 'approval' && !holds)
    .map(({ rule }) => rule)
    .sort();
}

function sorted(map: { readonly [key: string]: number }): { readonly [key: string]: number } {
  return Object.fromEntries(Object.entries(map).sort(([left], [right]) => (left < right ? -1 : 1)));
}

function requestOf({ request }: PolicyTest): PolicyRequest {
  const { by, machine, ...rest } = request;
  return {
    ...rest,
    ...(request.kind === 'policy' && { version: request.version ?? newest }),
    requester: machine
      ? { kind: 'machine', id: machine, via: 'cli' }
      : { kind: 'person', id: by ?? 'U0NOBODY', via: 'slack' },
  };
}

function worldOf({ request, world = {} }: PolicyTest): World {
  const { incidents = [], locks = [], freezes = [], stop, change = {}, reviews = [], ...rest } = world;
  return {
    ...rest,
    plan: world.plan ?? {},
    measured: world.measured ?? {},
    paths: world.paths ?? [],
    change: changeFactsOf(change),
    history: (world.history ?? []).flatMap(({ environment, succeeded_at, rolled_back_at, ...entry }) =>
      [environment].flat().map((name) => ({
        ...entry,
        environment: name,
        succeededAt: succeeded_at,
        ...(rolled_back_at ? { rolledBackAt: rolled_back_at } : {}),
      })),
    ),
    incidents: incidents.map(({ id = 'that is open', ...rest }) => ({
      ...rest,
      id,
      state: 'declared',
      severity: 'sev2',
    })),
    locks: locks.map(withReason),
    freezes: freezes.map(withReason),
    ...(stop && { stop: withReason(stop) }),
    reviews: reviews.map(({ operation, by, due_at }) => ({ operation, by, dueAt: due_at })),
    ...(request.kind === 'policy' && {
      policyChange: newestCommit(request.version ?? newest, world.paths ?? []),
    }),
  };
}

function withReason<Held extends { readonly reason?: string }>(held: Held): Held & { readonly reason: string } {
  return { ...held, reason: held.reason ?? 'no reason is given' };
}

/** What stands for the commit that a test does not name. */
const newest = 'the newest commit';

/** A change of the policy that nobody has overtaken, which is the only one that can be approved. */
function newestCommit(version: string, paths: readonly string[]): NonNullable<World['policyChange']> {
  return {
    from: '',
    to: version,
    head: version,
    paths,
    morePaths: 0,
    authors: [],
    committers: [],
    isUnclear: false,
    commits: [],
  };
}
