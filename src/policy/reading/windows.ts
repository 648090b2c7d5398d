import { parseClock, parseDays, type WeeklyWindow } from '../calendar';
import type { WindowRule } from '../schema';
import type { Path, Reader } from './reader';

/** One window, named or written in place. */
export function readWindow(
  reader: Reader,
  { name, rule, path }: { readonly name: string; readonly rule: WindowRule; readonly path: Path },
): WeeklyWindow {
  const days = [rule.days].flat().flatMap((word) => {
    const parsed = parseDays(word);
    if (!parsed)
      reader.problem([...path, 'days'], `"${word}" are no days`, 'write mon-thu, sat, [mon, wed], weekdays or all');
    return parsed ?? [];
  });
  const from = parseClock(rule.from, 'from');
  const to = parseClock(rule.to, 'to');
  if (from === undefined) reader.problem([...path, 'from'], `${rule.from} is not a time of day`);
  if (to === undefined) reader.problem([...path, 'to'], `${rule.to} is not a time of day`);
  if (from !== undefined && from === to)
    reader.problem([...path, 'to'], 'the window has no length', 'for a whole day write from: "00:00", to: "24:00"');
  reader.zone(rule.timezone, [...path, 'timezone']);
  return { name, days: [...new Set(days)], from: from ?? 0, to: to ?? 1440, zone: rule.timezone };
}
