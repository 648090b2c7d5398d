import type { Policy } from '../policy';
import type { Reader } from './reader';

const defaultTimeoutMs = 86_400_000;

/** Whom to ask, in the order in which rules are tried. */
export function readApprovals(reader: Reader): Policy['approvals'] {
  if (
    reader.file.policy_changes === 'gated' &&
    (reader.file.approvals ?? []).every(({ require }) => require === 'none')
  )
    reader.problem(
      ['policy_changes'],
      'no approval rule asks anybody, so no change of this policy could ever bind',
      'add a rule with when: change.kind == "policy"',
    );
  const names = new Set<string>();
  return (reader.file.approvals ?? []).map((rule, index) => {
    const path = ['approvals', index];
    if (names.has(rule.name)) reader.problem([...path, 'name'], `two approvals are called "${rule.name}"`);
    names.add(rule.name);
    const seats =
      rule.require === 'none'
        ? []
        : rule.require.map((seat) => (typeof seat === 'string' ? { team: seat, count: 1 } : seat));
    reader.teams(
      seats.map(({ team }) => team),
      [...path, 'require'],
    );
    const timeoutMs =
      rule.timeout === undefined ? defaultTimeoutMs : reader.duration(rule.timeout, [...path, 'timeout']);
    const remindAfterMs = (rule.remind ?? []).map((text, at) => reader.duration(text, [...path, 'remind', at]));
    return {
      name: rule.name,
      ...(rule.mode === 'shadow' ? { mode: rule.mode } : {}),
      when: reader.condition(rule.when, [...path, 'when']),
      seats,
      order: rule.order ?? 'parallel',
      timeoutMs,
      remindAfterMs: [...remindAfterMs].sort((left, right) => left - right).filter((after) => after < timeoutMs),
      channel: rule.channel,
      level: rule.level ?? 'soft',
      oneClick: rule.one_click ?? false,
      source: reader.source(path),
    };
  });
}
