import { Cron } from 'croner';
import { isZone } from '../policy/calendar';
import { readCron } from '../policy/cron';
import { parseDuration } from '../runbooks/duration';
import type { ScheduleTrigger } from '../runbooks/trigger-schema';

export interface TimesProblem {
  readonly key: 'cron' | 'every' | 'timezone' | 'jitter';
  readonly message: string;
  readonly hint?: string;
}

type Times = Pick<ScheduleTrigger, 'cron' | 'every' | 'timezone' | 'jitter'>;

/** Fields as Temporal reads them, too; other readers of cron take more than it does. */
const field = /^(\*|[0-9]{1,2}|[A-Za-z]{3})(-([0-9]{1,2}|[A-Za-z]{3}))?(\/[0-9]{1,2})?$/;

/** Why the times of a schedule cannot be kept. */
export function timesProblems({ cron, every, timezone, jitter }: Times): readonly TimesProblem[] {
  const found: TimesProblem[] = [];
  if ((cron === undefined) === (every === undefined))
    found.push({
      key: 'cron',
      message: 'a schedule has either "cron" or "every"',
      hint: 'write cron: "0 6 * * mon-fri" or every: 1h',
    });
  if (cron !== undefined) found.push(...cronProblems(cron));
  if (every !== undefined && !isWholeSeconds(every))
    found.push({ key: 'every', message: `"${every}" is not a time between two runs`, hint: 'write 30s, 15m or 6h' });
  if (timezone !== undefined && every !== undefined && cron === undefined)
    found.push({ key: 'timezone', message: 'a time zone goes with "cron", not with "every"' });
  else if (timezone !== undefined && !isZone(timezone))
    found.push({
      key: 'timezone',
      message: `"${timezone}" is not a time zone`,
      hint: 'write its IANA name, such as Europe/Berlin',
    });
  if (jitter !== undefined && parseDuration(jitter) === undefined)
    found.push({ key: 'jitter', message: `"${jitter}" is not a duration`, hint: 'write 30s or 5m' });
  return found;
}

function isWholeSeconds(text: string): boolean {
  const ms = parseDuration(text);
  return ms !== undefined && ms >= 1_000 && ms % 1_000 === 0;
}

function cronProblems(cron: string): readonly TimesProblem[] {
  const fields = cron.trim().split(/\s+/);
  const hint = 'write minute, hour, day of the month, month and day of the week, as in 0 6 * * mon-fri';
  if (fields.length !== 5 || !fields.every((each) => each.split(',').every((part) => field.test(part))))
    return [{ key: 'cron', message: `"${cron}" is not a time of five fields`, hint }];
  // Other programs take either day, Temporal only what is both: whoever reads it has to know which.
  if (fields[2] !== '*' && fields[4] !== '*')
    return [
      {
        key: 'cron',
        message: `"${cron}" names days of the month and days of the week, which is read in two ways`,
        hint: 'name one of them and write * for the other',
      },
    ];
  const read = readCron(cron);
  return read.ok ? [] : [{ key: 'cron', message: `"${cron}" cannot be kept: ${read.message}`, hint }];
}

/** Whether an instant is one at which the schedule starts its runbook, before any jitter. */
export function isTimeOf(times: Times, at: Date, policyZone: string): boolean {
  const { cron, every, timezone = policyZone } = times;
  if (every !== undefined) return at.getTime() % (parseDuration(every) ?? Number.POSITIVE_INFINITY) === 0;
  if (cron === undefined || at.getTime() % 60_000 !== 0) return false;
  return new Cron(cron, { timezone, mode: '5-part', paused: true }).match(at);
}

/**
 * The instant for which a schedule started a workflow, out of the id that Temporal gave it: `trigger/clean-2027-01-04T05:00:00Z`.
 */
export function timeInFiring(workflowId: string): Date | undefined {
  const found = /-(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z)$/.exec(workflowId)?.[1];
  const at = new Date(found ?? Number.NaN);
  return Number.isNaN(at.getTime()) ? undefined : at;
}
