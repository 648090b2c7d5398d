import { isDay } from '../calendar';
import type { Policy } from '../policy';
import type { Reader } from './reader';

/** Days on which nothing moves. */
export function readFreezes(reader: Reader): Policy['freezes'] {
  return (reader.file.freezes ?? []).map((rule, index) => {
    const path = ['freezes', index];
    for (const edge of ['from', 'to'] as const) {
      if (!isDay(rule[edge])) reader.problem([...path, edge], `${rule[edge]} is not a day of the calendar`);
    }
    if (rule.to < rule.from) reader.problem([...path, 'to'], `the freeze "${rule.name}" ends before it begins`);
    reader.zone(rule.timezone, [...path, 'timezone']);
    for (const [at, name] of (rule.environments ?? []).entries())
      reader.environment(name, [...path, 'environments', at]);
    reader.kindsAndLabels(rule.except, [...path, 'except']);
    return {
      name: rule.name,
      ...(rule.mode === 'shadow' ? { mode: rule.mode } : {}),
      from: rule.from,
      to: rule.to,
      zone: rule.timezone,
      environments: rule.environments,
      services: rule.services,
      effect: rule.effect ?? 'wait',
      running: rule.running ?? 'finish',
      except: rule.except ?? [],
      source: reader.source(path),
    };
  });
}
