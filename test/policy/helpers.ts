import { formatProblem } from '../../src/documents/read-yaml';
import { evaluate, type Evaluation, type PolicyRequest, type World } from '../../src/policy/evaluate';
import { loadPolicy, type Policy } from '../../src/policy/policy';
import type { Requester } from '../../src/operation/request';

/** A Tuesday, 11:00 in Berlin. */
export const tuesday = new Date('2026-11-24T10:00:00Z');

export const person = (id: string): Requester => ({ kind: 'person', id, via: 'slack' });
export const machine = (id: string): Requester => ({ kind: 'machine', id, via: 'cli' });

export const people = `people:
  U0ANA: { name: Ana, email: ana@example.com, git: [ana@example.com], accounts: [U0ANA2] }
  U0LEE: { name: Lee, git: [lee@example.com, Shared Name] }
  U0KIM: { name: Kim, git: [kim@example.com, Shared Name], delegate: { to: U0SUB, from: 2026-11-01, until: 2026-11-30 } }
`;

export const head = `version: 1
timezone: Europe/Berlin
channels: { default: "#deploys", policy: "#policy" }
teams:
  security: { slack_group: S0SECURITY }
  leads: { users: [U0LEE, U0KIM, U0ANA] }
  owners: { users: [U0DAN] }
  oncall: { users: [U0DAN] }
`;

export const services = {
  'configs/services/web.yaml': 'service: { name: web, owner: owners }\n',
  'configs/services/bank.yaml':
    'service:\n  name: bank\n  owner: owners\n  compliance: { sox: required, pci_dss: level_1 }\n',
};

/** Loads a policy made of `policy.yaml` (after the usual head), people, two services, and whatever else is given. */
export function load(rules: string, files: { readonly [path: string]: string } = {}): ReturnType<typeof loadPolicy> {
  const all = { 'policy.yaml': head + rules, 'people.yaml': people, ...services, ...files };
  return loadPolicy({
    files: new Map(Object.entries(all).map(([path, text]) => [path, { text, blob: path }])),
    commit: 'c0ffee',
  });
}

export function policyOf(rules: string, files: { readonly [path: string]: string } = {}): Policy {
  const loaded = load(rules, files);
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  return loaded.policy;
}

export function problemsOf(rules: string, files: { readonly [path: string]: string } = {}): readonly string[] {
  const loaded = load(rules, files);
  return loaded.ok ? [] : loaded.problems.map(formatProblem);
}

/** The verdict on a deploy of web v2 to production by Ana on a Tuesday, changed as the test needs. */
export function judge(
  policy: Policy,
  request: Partial<PolicyRequest> = {},
  world: World = {},
  now: Date = tuesday,
): Evaluation {
  const base: PolicyRequest = {
    kind: 'deploy',
    service: 'web',
    environment: 'production',
    version: 'v2',
    requester: person('U0ANA'),
    authors: [],
  };
  return evaluate({ policy, request: { ...base, ...request }, world: { plan: {}, ...world }, now });
}

export function rulesOf(evaluation: Evaluation): readonly string[] {
  return evaluation.reasons.filter(({ level }) => level === 'hard').map(({ rule }) => rule);
}

/** `kind rule: holds` of every gate. */
export function gatesOf(evaluation: Evaluation): readonly string[] {
  if (evaluation.verdict === 'denied') return ['denied', ...evaluation.reasons.map(({ rule }) => rule)];
  return evaluation.gates.map(({ kind, rule, holds }) => `${kind} ${rule}: ${holds ? 'holds' : 'waits'}`);
}

export function seatsOf(evaluation: Evaluation): { readonly [team: string]: number } {
  const gates = evaluation.verdict === 'allowed' ? evaluation.gates : [];
  return Object.fromEntries(
    gates.flatMap((gate) => (gate.kind === 'approval' ? gate.seats.map(({ team, count }) => [team, count]) : [])),
  );
}
