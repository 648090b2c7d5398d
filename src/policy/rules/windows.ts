import { formatDuration } from '../../runbooks/duration';
import { windowAt, type TimeWindow } from '../calendar';
import { instantWords, type Rule } from '../context';
import { violation } from '../violation';

/** Work waits until one of its environment's windows is open. */
export const windows: Rule = (context) => {
  const { policy, request, environment, now, isRollback, isBreakGlass } = context;
  // What mends a window does not wait for it.
  if (request.kind === 'policy') return {};
  if (!environment || environment.windows.length === 0 || isBreakGlass) return {};
  if (isRollback && policy.file.rollback?.windows !== 'keep') return {};
  const answer = windowAt({ windows: environment.windows, now, defaultZone: policy.timezone });
  const zone = environment.windows[0]?.zone ?? policy.timezone;
  const when = environment.windows.map((window) => windowWords(window, policy.timezone)).join(' or ');
  const next = answer.open
    ? answer.closesAt
      ? `open until ${instantWords(answer.closesAt, zone)}`
      : 'open all the time'
    : answer.opensAt
      ? `closed now and opens ${instantWords(answer.opensAt, zone)}`
      : 'closed and never opens';
  const rule = environment.windows.map(({ name }) => name).join(', ');
  if (!answer.open && environment.windows_level === 'soft' && policy.overrides) {
    const message = `${environment.name} may change ${when}; that is ${next}, and this waits for it.`;
    const until = answer.opensAt?.toISOString();
    return violation(context, { rule, level: 'soft', message, source: environment.source, until });
  }
  return {
    gates: [
      {
        kind: 'window',
        rule,
        holds: answer.open,
        message: answer.open
          ? `${environment.name} may change ${when}; that is ${next}.`
          : `${environment.name} may change ${when}; that is ${next}, and this waits for it. The owner of the policy repository can change the window.`,
        source: environment.source,
        ...(answer.opensAt ? { opensAt: answer.opensAt.toISOString() } : {}),
        ...(answer.closesAt ? { closesAt: answer.closesAt.toISOString() } : {}),
      },
    ],
  };
};

const dayWords = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

function windowWords(window: TimeWindow, defaultZone: string): string {
  if ('cron' in window)
    return `for ${formatDuration(window.minutes * 60_000)} from each "${window.cron.pattern}" ${window.zone ?? defaultZone}`;
  const days = window.days.map((day) => dayWords[day - 1]).join(', ');
  return `${window.days.length === 7 ? 'every day' : days} ${clock(window.from)}–${clock(window.to)} ${window.zone ?? defaultZone}`;
}

function clock(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}
