import type { Problem } from '../documents/read-yaml';
import { conditionNames } from './names';
import type { Policy, PolicyFileText, Service } from './policy';
import { readCompanyApprovals, readQuietHours, readServiceApprovals } from './reading/approvals';
import { readCompanyRules, readCompliance, readOverrides } from './reading/compliance';
import { readEnvironments } from './reading/environments';
import { readFactRules, readFacts, readMeasures } from './reading/facts';
import { readFreezes } from './reading/freezes';
import { checkFiles, checkMentions, checkServices } from './reading/mentions';
import { Reader, type PolicyRead } from './reading/reader';
import { checkSchedules, readSchedules } from './reading/schedules';
import { readWindow } from './reading/windows';
import { expandTeams } from './read-teams';

/** The parts of a policy that follow from `policy.yaml`. */
export type PolicyParts = Pick<
  Policy,
  | 'timezone'
  | 'channels'
  | 'teams'
  | 'windows'
  | 'environments'
  | 'facts'
  | 'factRules'
  | 'migrations'
  | 'labels'
  | 'approvals'
  | 'rules'
  | 'compliance'
  | 'overrides'
  | 'quiet'
  | 'freezes'
  | 'handlers'
  | 'metrics'
  | 'measures'
>;

interface Findings {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** The second pass: what the values of `policy.yaml` mean, and everything about them that cannot be. */
export function readMeaning(document: PolicyRead): Findings & { readonly parts: PolicyParts } {
  const reader = new Reader(document);
  return { parts: readParts(reader), problems: reader.problems, warnings: reader.warnings };
}

/** What `policy.yaml` and the other files of the commit mean together, and what they say of each other that cannot be. */
export function readTogether(input: {
  readonly document: PolicyRead;
  readonly files: ReadonlyMap<string, PolicyFileText>;
  readonly services: ReadonlyMap<string, Service>;
  readonly facts: Policy['facts'];
}): Findings & Pick<Policy, 'schedules' | 'serviceApprovals'> {
  const reader = new Reader(input.document);
  reader.names = namesFor(reader, input.facts);
  const { schedules, problems } = readSchedules(input.files);
  reader.problems.push(...problems);
  checkSchedules(reader, schedules, input.files);
  checkServices(reader, input.services, input.files);
  checkFiles(reader, input.files);
  const serviceApprovals = readServiceApprovals(reader, input.services);
  return { schedules, serviceApprovals, problems: reader.problems, warnings: reader.warnings };
}

function namesFor({ file, environments }: Reader, facts: Policy['facts']): Reader['names'] {
  return conditionNames({
    facts,
    measured: Object.keys(file.facts?.measure ?? {}),
    hasMigrations: file.facts?.migrations !== undefined,
    environments,
    labels: Object.keys(file.labels ?? {}),
  });
}

function readParts(reader: Reader): PolicyParts {
  const { file } = reader;
  reader.zone(file.timezone, ['timezone']);
  const facts = readFacts(reader);
  reader.names = namesFor(reader, facts);
  const teams = expandTeams({ teams: file.teams ?? {}, problem: reader.problem });
  const windows = new Map(
    Object.entries(file.windows ?? {}).map(([name, rule]) => [
      name,
      readWindow(reader, { name, rule, path: ['windows', name] }),
    ]),
  );
  checkMentions(reader);
  return {
    timezone: file.timezone ?? 'UTC',
    channels: file.channels ?? {},
    teams,
    windows,
    environments: readEnvironments(reader, windows),
    facts,
    factRules: readFactRules(reader, facts),
    migrations: file.facts?.migrations ?? [],
    labels: new Map(
      Object.entries(file.labels ?? {}).map(([name, { who }]) => [
        name,
        { who, source: reader.source(['labels', name]) },
      ]),
    ),
    approvals: readCompanyApprovals(reader),
    quiet: readQuietHours(reader, file.quiet_hours),
    rules: readCompanyRules(reader),
    compliance: readCompliance(reader),
    overrides: readOverrides(reader),
    freezes: readFreezes(reader),
    handlers: (file.handlers ?? []).map((rule, index) => ({
      ...rule,
      when: reader.condition(rule.when, ['handlers', index, 'when']),
      source: reader.source(['handlers', index]),
    })),
    metrics: new Map(Object.entries(file.metrics ?? {})),
    measures: readMeasures(reader),
  };
}
