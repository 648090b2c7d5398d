import { isDay, isYearDay, seasonAt, type Season } from '../calendar';
import type { Freeze } from '../policy';
import type { FreezeRule } from '../schema';
import { readOverride, warnIfNobodyOverrides } from './compliance';
import type { Path, Reader } from './reader';
import { readCronTimes } from './windows';

/** Times at which nothing moves. */
export function readFreezes(reader: Reader): readonly Freeze[] {
  return (reader.file.freezes ?? []).map((rule, index) => {
    const path = ['freezes', index];
    reader.zone(rule.timezone, [...path, 'timezone']);
    for (const [at, name] of (rule.environments ?? []).entries())
      reader.environment(name, [...path, 'environments', at]);
    warnIfNobodyOverrides(reader, rule, path);
    reader.kindsAndLabels(rule.except, [...path, 'except']);
    return {
      ...readSeason(reader, rule, path),
      ...(rule.mode === 'shadow' ? { mode: rule.mode } : {}),
      environments: rule.environments,
      services: rule.services,
      when: reader.condition(rule.when, [...path, 'when']),
      effect: rule.effect ?? 'wait',
      level: rule.level ?? 'hard',
      override: readOverride(reader, rule.override, [...path, 'override']),
      running: rule.running ?? 'finish',
      except: rule.except ?? [],
      source: reader.source(path),
    };
  });
}

/** Never: harmless until the problem beside it is mended. */
const never = { from: '1970-01-01', to: '1970-01-01' };

function readSeason(reader: Reader, rule: FreezeRule, path: Path): Season & { readonly name: string } {
  const base = { name: rule.name, zone: rule.timezone };
  return { ...base, ...(rule.cron === undefined ? readDays(reader, rule, path) : readTurns(reader, rule, path)) };
}

function readTurns(reader: Reader, rule: FreezeRule, path: Path) {
  for (const key of ['every', 'from', 'to'] as const) {
    if (rule[key] !== undefined)
      reader.problem([...path, key], `"cron" says when it begins, so "${key}" means nothing`, 'keep one of the two');
  }
  const times = readCronTimes(reader, { cron: rule.cron!, for: rule.for }, path);
  if (!times) return never;
  checkEnds(reader, { name: rule.name, ...times }, [...path, 'for']);
  return times;
}

function readDays(reader: Reader, rule: FreezeRule, path: Path) {
  const { from, to, every, name } = rule;
  if (rule.for !== undefined)
    reader.problem([...path, 'for'], '"for" belongs to "cron", and this freeze has none', 'write from and to');
  if (from === undefined || to === undefined) {
    const missing = from === undefined ? 'from' : 'to';
    reader.problem(path, `"${missing}" is missing`, 'a freeze has from and to, or cron and for');
    return never;
  }
  const example = every ? 'with every: year write a day without a year, such as "12-18"' : undefined;
  const isOne = every ? isYearDay : isDay;
  const wrong = (['from', 'to'] as const).filter((edge) => !isOne(rule[edge]!));
  for (const edge of wrong) {
    const hint = !every && isYearDay(rule[edge]!) ? 'add the year, or every: year' : example;
    reader.problem([...path, edge], `${rule[edge]} is not a day of the calendar`, hint);
  }
  if (wrong.length > 0) return never;
  if (every) {
    checkEnds(reader, { name, every, from, to }, [...path, 'to']);
    return { every, from, to };
  }
  if (to < from) reader.problem([...path, 'to'], `the freeze "${name}" ends before it begins`);
  return { from, to };
}

/** A season that comes back before it is over would hold work back for ever while every card says that it ends. */
function checkEnds(reader: Reader, season: Season & { readonly name: string }, path: Path): void {
  const answer = seasonAt({ season, now: new Date(0), defaultZone: 'UTC' });
  if (answer.active && answer.until.getTime() > 366 * 86_400_000)
    reader.problem(path, `the freeze "${season.name}" never ends, because it begins again before it is over`);
}
