import { didYouMean } from '../../documents/nearest';
import type { TimeWindow } from '../calendar';
import type { Environment } from '../policy';
import { warnIfNobodyOverrides } from './compliance';
import type { Reader } from './reader';
import { readApprovals } from './approvals';
import { readWindow } from './windows';

/** Where things run, with windows looked up and lengths of time in milliseconds. */
export function readEnvironments(
  reader: Reader,
  windows: ReadonlyMap<string, TimeWindow>,
): ReadonlyMap<string, Environment> {
  const rules = new Map<string, Environment>();
  for (const [name, rule] of Object.entries(reader.file.environments)) {
    const path = ['environments', name];
    if (name === 'services')
      reader.problem(path, 'an environment cannot be called "services"', 'configs/services holds service definitions');
    if (name === 'policy')
      reader.problem(path, 'an environment cannot be called "policy"', 'changes of the policy itself stand there');
    for (const [index, after] of (rule.after ?? []).entries()) reader.environment(after, [...path, 'after', index]);
    reader.teams(rule.request, [...path, 'request']);
    warnIfNobodyOverrides(reader, { level: rule.windows_level }, [...path, 'windows_level']);
    rules.set(name, {
      ...rule,
      name,
      windows: (rule.windows ?? []).map((entry, index) => {
        if (typeof entry !== 'string')
          return readWindow(reader, { name: `of ${name}`, rule: entry, path: [...path, 'windows', index] });
        const window = windows.get(entry);
        if (!window)
          reader.problem(
            [...path, 'windows', index],
            `there is no window "${entry}"`,
            didYouMean(entry, windows.keys()),
          );
        return window ?? { name: entry, days: [], from: 0, to: 1440 };
      }),
      approvals: readApprovals(reader, rule.approvals, [...path, 'approvals']),
      soakMs: rule.soak === undefined ? 0 : reader.duration(rule.soak, [...path, 'soak']),
      watchMs: rule.watch === undefined ? 0 : reader.duration(rule.watch, [...path, 'watch']),
      source: reader.source(path),
    });
  }
  checkCycles(reader);
  return rules;
}

function checkCycles(reader: Reader): void {
  for (const start of reader.environments) {
    const seen = new Set<string>();
    const queue = [...(reader.file.environments[start]?.after ?? [])];
    while (queue.length > 0) {
      const next = queue.pop()!;
      if (next === start) {
        reader.problem(['environments', start, 'after'], `"${start}" comes after itself`, 'break the circle of after');
        break;
      }
      if (seen.has(next)) continue;
      seen.add(next);
      queue.push(...(reader.file.environments[next]?.after ?? []));
    }
  }
}
