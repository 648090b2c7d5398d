import { didYouMean } from '../documents/nearest';
import type { DocumentResult, Problem } from '../documents/read-yaml';
import { compileCondition, type Expression, type NameSpace } from '../expressions/cel';
import { parseDuration } from '../runbooks/duration';
import { isDay, isZone, parseClock, parseDays, type WeeklyWindow } from './calendar';
import { changeFields, conditionNames, type FactValues } from './names';
import type { Environment, Policy, PolicyFileText, Service } from './policy';
import { expandTeams } from './read-teams';
import type { PolicyFile, WindowRule } from './schema';
import type { Source } from './verdict';

type Path = readonly (string | number)[];
type Read = Extract<DocumentResult<PolicyFile>, { ok: true }>;

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
  | 'labels'
  | 'approvals'
  | 'freezes'
  | 'handlers'
  | 'metrics'
>;

const dayMs = 86_400_000;
const defaultTimeoutMs = dayMs;
/** Longest time that policy can wait for anything. */
const maxWaitMs = 90 * dayMs;

/** The second pass: what the values of `policy.yaml` mean, and everything about them that cannot be. */
export function readMeaning(input: {
  readonly document: Read;
  readonly files: ReadonlyMap<string, PolicyFileText>;
  readonly services: ReadonlyMap<string, Service>;
}): {
  readonly parts: PolicyParts;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
} {
  const reader = new Reader(input.document);
  const parts = reader.parts();
  reader.checkServices(input.services);
  reader.checkFiles(input.files);
  return { parts, problems: reader.problems, warnings: reader.warnings };
}

class Reader {
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];
  private readonly file: PolicyFile;
  private readonly environments: readonly string[];
  private names: NameSpace = {};

  constructor(private readonly document: Read) {
    this.file = document.value;
    this.environments = Object.keys(this.file.environments);
  }

  parts(): PolicyParts {
    const { file } = this;
    this.zone(file.timezone, ['timezone']);
    const facts = this.facts();
    this.names = conditionNames(facts);
    const teams = expandTeams({ teams: file.teams ?? {}, problem: this.problem });
    const windows = new Map(
      Object.entries(file.windows ?? {}).map(([name, rule]) => [name, this.window(name, rule, ['windows', name])]),
    );
    this.checkMentions();
    return {
      timezone: file.timezone ?? 'UTC',
      channels: file.channels ?? {},
      teams,
      windows,
      environments: this.environmentRules(windows),
      facts,
      factRules: this.factRules(facts),
      labels: new Map(
        Object.entries(file.labels ?? {}).map(([name, { who }]) => [
          name,
          { who, source: this.source(['labels', name]) },
        ]),
      ),
      approvals: this.approvals(),
      freezes: this.freezes(),
      handlers: (file.handlers ?? []).map((rule, index) => ({
        ...rule,
        when: this.condition(rule.when, ['handlers', index, 'when']),
        source: this.source(['handlers', index]),
      })),
      metrics: new Map(Object.entries(file.metrics ?? {})),
    };
  }

  /** Names of teams, environments and labels wherever they are mentioned. */
  private checkMentions(): void {
    const { file } = this;
    for (const [label, { who }] of Object.entries(file.labels ?? {})) this.teams(who, ['labels', label, 'who']);
    this.teams(file.break_glass?.who, ['break_glass', 'who']);
    this.teams(file.break_glass?.review_by, ['break_glass', 'review_by']);
    this.teams(file.rollback?.who, ['rollback', 'who']);
    this.teams(file.operators, ['operators']);
    if (file.break_glass?.within) this.duration(file.break_glass.within, ['break_glass', 'within']);
    this.kindsAndLabels(file.incidents?.except, ['incidents', 'except']);
    for (const [index, promotion] of (file.promotions ?? []).entries()) {
      this.environment(promotion.from, ['promotions', index, 'from']);
      this.environment(promotion.to, ['promotions', index, 'to']);
    }
  }

  checkServices(services: ReadonlyMap<string, Service>): void {
    const teams = Object.keys(this.file.teams ?? {});
    for (const service of services.values()) {
      if (service.owner !== undefined && !teams.includes(service.owner))
        this.problems.push({
          file: service.file,
          line: service.lineOf(['owner']),
          column: 1,
          key: 'service.owner',
          message: `the owner "${service.owner}" is not a team of policy.yaml`,
          hint: didYouMean(service.owner, teams) ?? `teams: ${teams.join(', ') || 'none'}`,
        });
      for (const [index, name] of service.internalDependencies.entries()) {
        if (!services.has(name))
          this.warnings.push({
            file: service.file,
            line: service.lineOf(['dependencies', 'internal', index]),
            column: 1,
            message: `"${service.name}" depends on "${name}", which no service file describes`,
          });
      }
    }
    for (const [index, freeze] of (this.file.freezes ?? []).entries()) {
      for (const name of freeze.services ?? []) {
        if (!services.has(name))
          this.problem(
            ['freezes', index, 'services'],
            `there is no service "${name}"`,
            didYouMean(name, services.keys()),
          );
      }
    }
  }

  checkFiles(files: ReadonlyMap<string, PolicyFileText>): void {
    const missing = (folder: string, name: string): boolean =>
      !files.has(`${folder}/${name}.yaml`) && !files.has(`${folder}/${name}.yml`);
    for (const [index, { runbook }] of (this.file.handlers ?? []).entries()) {
      if (missing('runbooks', runbook))
        this.warn(['handlers', index, 'runbook'], `there is no runbooks/${runbook}.yaml`);
    }
    for (const [name, { connection }] of Object.entries(this.file.metrics ?? {})) {
      if (missing('connections', connection))
        this.warn(['metrics', name, 'connection'], `there is no connections/${connection}.yaml`);
    }
  }

  private facts(): ReadonlyMap<string, FactValues> {
    const facts = new Map<string, FactValues>();
    for (const [fact, values] of Object.entries(this.file.facts?.declare ?? {})) {
      const path = ['facts', 'declare', fact];
      if (fact in changeFields)
        this.problem(path, `"change.${fact}" exists already`, 'choose another name for the fact');
      if (Array.isArray(values) && new Set(values).size < values.length)
        this.problem(path, `the fact "${fact}" lists a value twice`);
      facts.set(fact, values === 'bool' ? [false, true] : values);
    }
    return facts;
  }

  private factRules(facts: ReadonlyMap<string, FactValues>): PolicyParts['factRules'] {
    return (this.file.facts?.rules ?? []).map((rule, index) => {
      for (const [fact, value] of Object.entries(rule.set)) {
        const path = ['facts', 'rules', index, 'set', fact];
        const values = facts.get(fact);
        if (!values)
          this.problem(
            path,
            `the fact "${fact}" is not declared`,
            didYouMean(fact, facts.keys()) ?? 'add it under facts.declare',
          );
        else if (!values.includes(value))
          this.problem(path, `"${fact}" cannot be ${JSON.stringify(value)}`, `it is one of: ${values.join(', ')}`);
      }
      const when = this.condition(rule.when, ['facts', 'rules', index, 'when']);
      return { set: rule.set, when, source: this.source(['facts', 'rules', index]) };
    });
  }

  private window(name: string, rule: WindowRule, path: Path): WeeklyWindow {
    const days = [rule.days].flat().flatMap((word) => {
      const parsed = parseDays(word);
      if (!parsed)
        this.problem([...path, 'days'], `"${word}" are no days`, 'write mon-thu, sat, [mon, wed], weekdays or all');
      return parsed ?? [];
    });
    const from = parseClock(rule.from, 'from');
    const to = parseClock(rule.to, 'to');
    if (from === undefined) this.problem([...path, 'from'], `${rule.from} is not a time of day`);
    if (to === undefined) this.problem([...path, 'to'], `${rule.to} is not a time of day`);
    if (from !== undefined && from === to)
      this.problem([...path, 'to'], 'the window has no length', 'for a whole day write from: "00:00", to: "24:00"');
    this.zone(rule.timezone, [...path, 'timezone']);
    return { name, days: [...new Set(days)], from: from ?? 0, to: to ?? 1440, zone: rule.timezone };
  }

  private environmentRules(windows: ReadonlyMap<string, WeeklyWindow>): ReadonlyMap<string, Environment> {
    const rules = new Map<string, Environment>();
    for (const [name, rule] of Object.entries(this.file.environments)) {
      const path = ['environments', name];
      if (name === 'services')
        this.problem(path, 'an environment cannot be called "services"', 'configs/services holds service definitions');
      for (const [index, after] of (rule.after ?? []).entries()) this.environment(after, [...path, 'after', index]);
      this.teams(rule.request, [...path, 'request']);
      rules.set(name, {
        ...rule,
        name,
        windows: (rule.windows ?? []).map((entry, index) => {
          if (typeof entry !== 'string') return this.window(`of ${name}`, entry, [...path, 'windows', index]);
          const window = windows.get(entry);
          if (!window)
            this.problem(
              [...path, 'windows', index],
              `there is no window "${entry}"`,
              didYouMean(entry, windows.keys()),
            );
          return window ?? { name: entry, days: [], from: 0, to: 1440 };
        }),
        soakMs: rule.soak === undefined ? 0 : this.duration(rule.soak, [...path, 'soak']),
        watchMs: rule.watch === undefined ? 0 : this.duration(rule.watch, [...path, 'watch']),
        source: this.source(path),
      });
    }
    this.checkCycles();
    return rules;
  }

  private checkCycles(): void {
    for (const start of this.environments) {
      const seen = new Set<string>();
      const queue = [...(this.file.environments[start]?.after ?? [])];
      while (queue.length > 0) {
        const next = queue.pop()!;
        if (next === start) {
          this.problem(['environments', start, 'after'], `"${start}" comes after itself`, 'break the circle of after');
          break;
        }
        if (seen.has(next)) continue;
        seen.add(next);
        queue.push(...(this.file.environments[next]?.after ?? []));
      }
    }
  }

  private approvals(): PolicyParts['approvals'] {
    const names = new Set<string>();
    return (this.file.approvals ?? []).map((rule, index) => {
      const path = ['approvals', index];
      if (names.has(rule.name)) this.problem([...path, 'name'], `two approvals are called "${rule.name}"`);
      names.add(rule.name);
      const seats =
        rule.require === 'none'
          ? []
          : rule.require.map((seat) => (typeof seat === 'string' ? { team: seat, count: 1 } : seat));
      this.teams(
        seats.map(({ team }) => team),
        [...path, 'require'],
      );
      const timeoutMs =
        rule.timeout === undefined ? defaultTimeoutMs : this.duration(rule.timeout, [...path, 'timeout']);
      const remindAfterMs = (rule.remind ?? []).map((text, at) => this.duration(text, [...path, 'remind', at]));
      return {
        name: rule.name,
        when: this.condition(rule.when, [...path, 'when']),
        seats,
        order: rule.order ?? 'parallel',
        timeoutMs,
        remindAfterMs: [...remindAfterMs].sort((left, right) => left - right).filter((after) => after < timeoutMs),
        channel: rule.channel,
        level: rule.level ?? 'soft',
        oneClick: rule.one_click ?? false,
        source: this.source(path),
      };
    });
  }

  private freezes(): PolicyParts['freezes'] {
    return (this.file.freezes ?? []).map((rule, index) => {
      const path = ['freezes', index];
      for (const edge of ['from', 'to'] as const) {
        if (!isDay(rule[edge])) this.problem([...path, edge], `${rule[edge]} is not a day of the calendar`);
      }
      if (rule.to < rule.from) this.problem([...path, 'to'], `the freeze "${rule.name}" ends before it begins`);
      this.zone(rule.timezone, [...path, 'timezone']);
      for (const [at, name] of (rule.environments ?? []).entries())
        this.environment(name, [...path, 'environments', at]);
      this.kindsAndLabels(rule.except, [...path, 'except']);
      return {
        name: rule.name,
        from: rule.from,
        to: rule.to,
        zone: rule.timezone,
        environments: rule.environments,
        services: rule.services,
        effect: rule.effect ?? 'wait',
        running: rule.running ?? 'finish',
        except: rule.except ?? [],
        source: this.source(path),
      };
    });
  }

  private condition(source: string | undefined, path: Path): Expression | undefined {
    if (source === undefined) return undefined;
    const compiled = compileCondition({ source, names: this.names });
    if (compiled.ok) return compiled;
    for (const { message, hint } of compiled.problems)
      this.problem(path, `the condition \`${source}\` cannot be used: ${message}`, hint);
    return undefined;
  }

  private teams(names: readonly string[] | undefined, path: Path): void {
    const known = Object.keys(this.file.teams ?? {});
    for (const name of names ?? []) {
      if (!known.includes(name))
        this.problem(
          path,
          `there is no team "${name}"`,
          didYouMean(name, known) ?? `teams: ${known.join(', ') || 'none'}`,
        );
    }
  }

  private environment(name: string, path: Path): void {
    if (!this.environments.includes(name))
      this.problem(path, `there is no environment "${name}"`, didYouMean(name, this.environments));
  }

  private kindsAndLabels(names: readonly string[] | undefined, path: Path): void {
    const known = ['deploy', 'rollback', 'provision', 'runbook', 'break_glass', ...Object.keys(this.file.labels ?? {})];
    for (const [index, name] of (names ?? []).entries()) {
      if (!known.includes(name))
        this.problem([...path, index], `"${name}" is neither a kind of work nor a label`, didYouMean(name, known));
    }
  }

  private zone(zone: string | undefined, path: Path): void {
    if (zone !== undefined && !isZone(zone))
      this.problem(path, `"${zone}" is not a time zone`, 'write its IANA name, such as Europe/Berlin, or UTC');
  }

  private duration(text: string, path: Path): number {
    const ms = parseDuration(text) ?? Infinity;
    if (ms <= maxWaitMs) return ms;
    this.problem(path, `${text} is longer than policy can wait`, 'write at most 90d');
    return 0;
  }

  private source(path: Path): Source {
    return { file: 'policy.yaml', line: this.document.lineOf(path) };
  }

  private readonly problem = (path: Path, message: string, hint?: string): void => {
    this.problems.push(this.finding(path, message, hint));
  };

  private warn(path: Path, message: string): void {
    this.warnings.push(this.finding(path, message));
  }

  private finding(path: Path, message: string, hint?: string): Problem {
    const { file, line } = this.source(path);
    return { file, line, column: 1, key: path.join('.'), message, ...(hint ? { hint } : {}) };
  }
}
