import { parseClock } from '../calendar';
import type { Approval, Policy, QuietRule, Service, Step } from '../policy';
import type { ApprovalRule } from '../schema';
import type { Path, Reader } from './reader';

const defaultTimeoutMs = 86_400_000;

/** The company's own rule set. */
export function readCompanyApprovals(reader: Reader): readonly Approval[] {
  if (
    reader.file.policy_changes === 'gated' &&
    (reader.file.approvals ?? []).every(({ require }) => require === 'none')
  )
    reader.problem(
      ['policy_changes'],
      'no approval rule asks anybody, so no change of this policy could ever bind',
      'add a rule with when: change.kind == "policy"',
    );
  return readApprovals(reader, reader.file.approvals, ['approvals']);
}

/** One rule set: whom to ask, in the order in which rules are tried. */
export function readApprovals(
  reader: Reader,
  rules: readonly ApprovalRule[] | undefined,
  at: Path,
): readonly Approval[] {
  const names = new Set<string>();
  return (rules ?? []).map((rule, index) => {
    const path = [...at, index];
    if (names.has(rule.name)) reader.problem([...path, 'name'], `two approvals are called "${rule.name}"`);
    names.add(rule.name);
    const timeoutMs =
      rule.timeout === undefined ? defaultTimeoutMs : reader.duration(rule.timeout, [...path, 'timeout']);
    const secondFactor = (rule.second_factor ?? reader.file.second_factor?.approvals) === 'required';
    if (secondFactor && rule.one_click)
      reader.problem(
        [...path, 'one_click'],
        'a second factor is typed in a dialog, so one click is never enough',
        'leave out one_click, or second_factor',
      );
    return {
      name: rule.name,
      ...(rule.mode === 'shadow' ? { mode: rule.mode } : {}),
      when: reader.condition(rule.when, [...path, 'when']),
      seats: readSeats(reader, rule, [...path, 'require']),
      order: rule.order ?? 'parallel',
      timeoutMs,
      ladder: readLadder(reader, rule, path).filter(({ afterMs }) => afterMs < timeoutMs),
      ...(rule.quiet_hours === undefined
        ? {}
        : { quiet: readQuietHours(reader, rule.quiet_hours, [...path, 'quiet_hours']) }),
      channel: rule.channel,
      level: rule.level ?? 'soft',
      oneClick: rule.one_click ?? false,
      ...(secondFactor ? { secondFactor } : {}),
      source: reader.source(path),
    };
  });
}

/** The rule sets of services, by service. */
export function readServiceApprovals(
  reader: Reader,
  services: ReadonlyMap<string, Service>,
): Policy['serviceApprovals'] {
  const sets = new Map<string, readonly Approval[]>();
  for (const service of services.values()) {
    if (service.approvalRules.length === 0) continue;
    const { file, lineOf, columnOf } = service;
    const place = {
      file,
      lineOf: (path: Path) => lineOf(path.slice(1)),
      columnOf: (path: Path) => columnOf(path.slice(1)),
    };
    sets.set(service.name, readApprovals(reader.of(place), service.approvalRules, ['service', 'approvals']));
  }
  return sets;
}

/** Minutes after midnight; absent: people are never left in peace. */
export function readQuietHours(
  reader: Reader,
  rule: ApprovalRule['quiet_hours'],
  path: Path = ['quiet_hours'],
): QuietRule {
  if (rule === undefined || rule === 'none') return 'none';
  const from = parseClock(rule.from, 'from');
  const to = parseClock(rule.to, 'to');
  if (from === undefined) reader.problem([...path, 'from'], `${rule.from} is not a time of day`);
  if (to === undefined) reader.problem([...path, 'to'], `${rule.to} is not a time of day`);
  if (from !== undefined && from === (to ?? from) % 1440)
    reader.problem([...path, 'to'], 'the quiet hours have no length, or never end', 'write from: "20:00", to: "07:00"');
  return { from: from ?? 0, to: to ?? 1 };
}

function readSeats(reader: Reader, { require }: ApprovalRule, path: Path): Approval['seats'] {
  if (require === 'none') return [];
  const seats = require.map((seat) => {
    if (typeof seat === 'string') return { teams: [seat], count: 1 };
    if ('team' in seat) return { teams: [seat.team], count: seat.count };
    return { teams: [...new Set(seat.any_of)], count: seat.count ?? 1 };
  });
  reader.teams(
    seats.flatMap(({ teams }) => teams),
    path,
  );
  return seats;
}

/** `remind: [1h]` is short for a step that reminds. */
function readLadder(reader: Reader, rule: ApprovalRule, path: Path): readonly Step[] {
  const reminders = (rule.remind ?? []).map((text, index): Step => ({
    afterMs: reader.duration(text, [...path, 'remind', index]),
    does: 'remind',
  }));
  const steps = (rule.escalate ?? []).flatMap((step, index): readonly Step[] => {
    const at = [...path, 'escalate', index];
    const afterMs = reader.duration(step.after, [...at, 'after']);
    reader.teams(
      [step.widen, step.page].filter((team) => team !== undefined),
      at,
    );
    if (step.urgent !== undefined && step.page === undefined)
      reader.problem([...at, 'urgent'], 'only a page can be urgent', 'write it beside page');
    const rungs: Step[] = [
      ...(step.remind ? [{ afterMs, does: 'remind' } as const] : []),
      ...(step.widen === undefined ? [] : [{ afterMs, does: 'widen', team: step.widen } as const]),
      ...(step.page === undefined
        ? []
        : [{ afterMs, does: 'page', team: step.page, urgent: step.urgent ?? false } as const]),
      ...(step.expire ? [{ afterMs, does: 'expire' } as const] : []),
      ...(step.reject ? [{ afterMs, does: 'reject' } as const] : []),
    ];
    if (rungs.length !== 1)
      reader.problem(at, 'a step of a ladder does one thing', 'write one of remind, widen, page, expire and reject');
    return rungs.slice(0, 1);
  });
  return [...reminders, ...steps].sort((left, right) => left.afterMs - right.afterMs);
}
