import { FileCache, type NamedFile } from '../documents/file-cache';
import { readDocument, type Problem } from '../documents/read-yaml';
import type { Expression } from '../expressions/cel';
import type { JsonObject } from '../json';
import type { Rung } from '../approvals/ballot';
import type { DateRange, Season, TimeWindow } from './calendar';
import type { FactValues } from './names';
import { peopleOf, type People } from './people';
import { readMeaning, readTogether } from './read-meaning';
import { readPeople } from './read-people';
import { readServices } from './read-services';
import { readSchedules } from './reading/schedules';
import { readVerify } from './read-verify';
import type { Schedule } from './schedule';
import { policySchema, type ApprovalRule, type EnvironmentRules, type MetricRule, type PolicyFile } from './schema';
import type { Signer } from './signers';
import { unreviewable } from './review-debt';
import { withShadows, type ShadowRule } from './shadow';
import type { Segregation } from './segregation';
import type { Level, Source } from './verdict';
import type { WhenFrozen } from './when-frozen';

export interface PolicyFileText {
  readonly text: string;
  /** Object id in Git. */
  readonly blob: string;
}

export interface Environment extends Omit<EnvironmentRules, 'windows' | 'soak' | 'watch' | 'approvals'> {
  readonly name: string;
  readonly windows: readonly TimeWindow[];
  readonly soakMs: number;
  /** Its own rule set, which adds to the company's. */
  readonly approvals: readonly Approval[];
  readonly watchMs: number;
  readonly source: Source;
}

export interface FactRule {
  readonly mode?: 'shadow';
  readonly set: { readonly [fact: string]: string | boolean };
  /** Absent: always. */
  readonly when?: Expression;
  readonly source: Source;
}

/** Where the members of a team come from, unions written out. */
export interface TeamSources {
  /** Slack user group ids. */
  readonly groups: readonly string[];
  readonly users: readonly string[];
  /** Files of on-call schedules: keys of `Policy.schedules`. */
  readonly schedules: readonly string[];
  /** The code owners of what a change touches. */
  readonly codeowners: boolean;
  /** The owner of the service. */
  readonly owner: boolean;
}

/** Minutes after midnight; `from` later than `to` crosses midnight. */
export type QuietRule = 'none' | { readonly from: number; readonly to: number };

/** A step of a rule's ladder, before it is known which seats of a ballot are the rule's. */
export type Step = Exclude<Rung, { does: 'widen' }> | Omit<Extract<Rung, { does: 'widen' }>, 'seats'>;

export interface Approval {
  readonly mode?: 'shadow';
  readonly name: string;
  readonly when?: Expression;
  /** `teams`: any of them. */
  readonly seats: readonly { readonly teams: readonly string[]; readonly count: number }[];
  readonly order: 'parallel' | 'sequence';
  readonly timeoutMs: number;
  /** In the order of time. */
  readonly ladder: readonly Step[];
  /** Absent: the company's. */
  readonly quiet?: QuietRule;
  readonly channel?: string;
  readonly level: Level;
  readonly oneClick: boolean;
  /** Absent: a click is enough. */
  readonly secondFactor?: true;
  readonly source: Source;
}

/** Who may override a soft rule, always with a reason. */
export interface OverrideRule {
  readonly who: readonly string[];
  /** Whether whoever asked may override it themselves. */
  readonly self: boolean;
  /** How long the operation waits for somebody to do it. */
  readonly timeoutMs: number;
}

/** Something that the company refuses, in its own words. */
export interface CompanyRule {
  readonly mode?: 'shadow';
  readonly name: string;
  readonly when: Expression;
  readonly level: Level;
  readonly message: string;
  readonly override?: OverrideRule;
  readonly source: Source;
}

interface RegimeRule {
  readonly level: Level;
  readonly override?: OverrideRule;
}

/** What policy asks of services under a regime; which those are, the service files say. */
export interface Compliance {
  readonly sox: RegimeRule & { readonly segregation: Segregation };
  readonly pciDss: RegimeRule & { readonly segregation: Segregation };
  readonly hipaa: RegimeRule;
  /** Absent: there is nothing to compare with. */
  readonly gdpr?: RegimeRule & {
    readonly regions: readonly string[];
    readonly assessmentMaxAgeMs: number | 'not_asked';
  };
}

/** What a service file says of the regimes that the service is under. */
export interface ServiceCompliance {
  readonly sox: boolean;
  /** `level_1`; absent: it is not under PCI DSS. */
  readonly pciDss?: string;
  readonly gdpr: boolean;
  readonly hipaa: boolean;
  /** Day of its privacy impact assessment. */
  readonly assessedOn?: string;
  readonly encryptedAtRest: boolean;
  readonly encryptedInTransit: boolean;
  /** Where the log of access is, or `declared`. */
  readonly accessLog?: string;
}

/** A season in which work waits or is refused. */
export type Freeze = Season & FreezeRule;

export interface FreezeRule {
  readonly mode?: 'shadow';
  readonly name: string;
  /** Absent: all. */
  readonly environments?: readonly string[];
  readonly services?: readonly string[];
  /** Only work of which this holds. Absent: all. */
  readonly when?: Expression;
  readonly effect: 'wait' | 'deny';
  readonly level: 'soft' | 'hard';
  readonly override?: OverrideRule;
  readonly running: WhenFrozen;
  readonly except: readonly string[];
  readonly source: Source;
}

export interface Handler {
  /** `deploy`, `rollout.target`, `prerequisite.database_migration`, ... */
  readonly for: string;
  readonly when?: Expression;
  readonly paths?: readonly string[];
  readonly runbook: string;
  readonly source: Source;
}

export interface Service {
  readonly name: string;
  readonly owner?: string;
  /** Where its code is; absent: nobody can say who wrote a change. */
  readonly code?: ServiceCode;
  /** The whole document, with the known maps and lists filled in, as conditions see it. */
  readonly document: JsonObject;
  readonly blackouts: readonly (DateRange & {
    readonly reason?: string;
    /** Kinds and labels that it does not hold back. */
    readonly except: readonly string[];
    readonly source: Source;
  })[];
  readonly needsDualApproval: boolean;
  readonly regions: readonly string[];
  readonly compliance: ServiceCompliance;
  readonly internalDependencies: readonly string[];
  /** Its own rule set as written; what it means is in `Policy.serviceApprovals`. */
  readonly approvalRules: readonly ApprovalRule[];
  readonly file: string;
  readonly blob: string;
  readonly source: Source;
  lineOf(path: readonly (string | number)[]): number;
  columnOf(path: readonly (string | number)[]): number;
}

export interface ServiceCode {
  /** Name of a connection of the kind `git`. */
  readonly connection: string;
  /** Folder of the repository that is the service; absent: all of it. */
  readonly path?: string;
  /** How a version is called as a tag, with `{version}` in it; absent: as it is. */
  readonly versionTag?: string;
}

/** The company's rules at one commit, read and checked. Pure data and pure functions. */
export interface Policy {
  readonly commit: string;
  readonly file: PolicyFile;
  readonly timezone: string;
  readonly channels: NonNullable<PolicyFile['channels']>;
  readonly teams: ReadonlyMap<string, TeamSources>;
  readonly windows: ReadonlyMap<string, TimeWindow>;
  readonly environments: ReadonlyMap<string, Environment>;
  /** Values from weakest to strictest. */
  readonly facts: ReadonlyMap<string, FactValues>;
  readonly factRules: readonly FactRule[];
  /** Globs of files that change a database. */
  readonly migrations: readonly string[];
  readonly labels: ReadonlyMap<string, { readonly who?: readonly string[]; readonly source: Source }>;
  readonly approvals: readonly Approval[];
  readonly rules: readonly CompanyRule[];
  readonly compliance: Compliance;
  /** Who may override soft rules that name nobody themselves. */
  readonly overrides?: OverrideRule;
  /** Rule sets of services, which add to the others. */
  readonly serviceApprovals: ReadonlyMap<string, readonly Approval[]>;
  readonly quiet: QuietRule;
  /** Who is on call when, by file. */
  readonly schedules: ReadonlyMap<string, Schedule>;
  readonly freezes: readonly Freeze[];
  /** Rules that bind nobody, each with the policy in which it would. They are in none of the lists above. */
  readonly shadow: readonly ShadowRule[];
  readonly handlers: readonly Handler[];
  readonly metrics: ReadonlyMap<string, MetricRule>;
  /** Metrics that conditions see as `measured.<name>`: name -> metric. */
  readonly measures: ReadonlyMap<string, string>;
  readonly services: ReadonlyMap<string, Service>;
  readonly people: People;
  /** Keys of which one has to have signed every newer commit; absent: none has to. */
  readonly signers?: readonly Signer[];
  /** Every file of the commit that was handed in, for readers of runbooks, rollouts and connections. */
  readonly files: ReadonlyMap<string, PolicyFileText>;
  /** Things that are allowed but look like slips. */
  readonly warnings: readonly Problem[];
  /** Where a key of `policy.yaml` stands. */
  source(path: readonly (string | number)[]): Source;
}

export type LoadedPolicy =
  | { readonly ok: true; readonly policy: Policy }
  | {
      readonly ok: false;
      readonly problems: readonly Problem[];
      readonly services: Policy['services'];
      /** Absent: `policy.yaml` itself cannot be read. */
      readonly metrics?: Policy['metrics'];
    };

/**
 * Reads the rules at one commit: shapes first, then the meaning of every file whose shape is right, all problems at once
 * and nothing that only follows from a file which cannot be read. Files of kinds it does not know are
 * left to their readers in `Policy.files`. Never throws.
 */
export function loadPolicy(input: {
  readonly files: ReadonlyMap<string, PolicyFileText>;
  readonly commit: string;
  /** What was made of files at a commit before. */
  readonly cache?: FileCache;
}): LoadedPolicy {
  const { files, commit, cache = new FileCache() } = input;
  const people = readPeople(files.get('people.yaml'));
  const services = readServices(files, cache);
  // What the other files mean by themselves is judged without the rules as well.
  const without = (problems: readonly Problem[]): LoadedPolicy => ({
    ok: false,
    problems: [...problems, ...people.problems, ...services.problems, ...readSchedules(files).problems],
    services: services.services,
  });
  const main = files.get('policy.yaml');
  if (!main) {
    const none = missing('there is no policy.yaml at this commit', 'add one; signalbox init writes an example');
    return without([none]);
  }
  const rules = cache.get(readRules, { file: 'policy.yaml', ...main });
  if (!rules.ok) return without(rules.problems);
  const { document, meaning, verify, unknown } = rules;
  const { facts } = meaning.parts;
  const others = readTogether({ document, files, services: services.services, facts });
  const problems = [
    ...unknown,
    ...people.problems,
    ...services.problems,
    ...meaning.problems,
    ...others.problems,
    ...verify.problems,
  ];
  if (problems.length > 0) return { ok: false, problems, services: services.services, metrics: meaning.parts.metrics };
  const policy = withShadows({
    ...meaning.parts,
    commit,
    file: document.value,
    services: services.services,
    serviceApprovals: others.serviceApprovals,
    schedules: others.schedules,
    people: peopleOf(people.entries),
    signers: verify.signers,
    files,
    warnings: [...services.warnings, ...meaning.warnings, ...others.warnings],
    source: (path) => ({ file: 'policy.yaml', line: document.lineOf(path) }),
  });
  const stuck = unreviewable(policy);
  if (stuck === undefined) return { ok: true, policy };
  const at = ['break_glass', 'review_by'];
  const warning: Problem = { ...policy.source(at), column: document.columnOf(at), message: stuck };
  return { ok: true, policy: { ...policy, warnings: [...policy.warnings, warning] } };
}

/** Everything that follows from `policy.yaml` alone: its conditions are compiled once, however many commits keep it. Keys that nobody knows are problems, and hide none of the others. */
function readRules({ file, text }: NamedFile) {
  const document = readDocument({ file, text, schema: policySchema });
  const known = document.ok ? document : document.known;
  if (!known) return { ok: false as const, problems: document.ok ? [] : document.problems };
  const unknown = document.ok ? [] : document.problems;
  return { ok: true as const, document: known, unknown, meaning: readMeaning(known), verify: readVerify(known) };
}

function missing(message: string, hint: string): Problem {
  return { file: 'policy.yaml', line: 1, column: 1, message, hint };
}
