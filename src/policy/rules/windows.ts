import { formatDuration } from '../../runbooks/duration';
import { windowAt, type TimeWindow, type WindowAnswer } from '../calendar';
import { instantWords, type Context, type Rule } from '../context';
import type { WindowGate } from '../verdict';
import { violation } from '../violation';

/** Work waits until one of its environment's windows is open, and one of those that its runbooks name. */
export const windows: Rule = (context) => {
  const { gates = [], ...found } = windowsOfEnvironment(context);
  return { ...found, gates: [...gates, ...windowsOfRunbooks(context)] };
};

/** Each by itself: what two runbooks ask for has to hold for both. */
function windowsOfRunbooks({ policy, request, world, now, isRollback, isBreakGlass }: Context): readonly WindowGate[] {
  if (isRollback || isBreakGlass || request.kind === 'policy') return [];
  return (world.demands ?? []).flatMap(({ runbook, windows: names, source }): readonly WindowGate[] => {
    const own = names.flatMap((name) => policy.windows.get(name) ?? []);
    if (names.length === 0) return [];
    const answer =
      own.length === 0 ? { open: false as const } : windowAt({ windows: own, now, defaultZone: policy.timezone });
    const when = own.map((window) => windowWords(window, policy.timezone)).join(' or ') || 'never';
    const next = nextWords(answer, own[0]?.zone ?? policy.timezone);
    const waits = answer.open ? '.' : ', and this waits for it. The author of the runbook can change that.';
    return [
      {
        kind: 'window',
        rule: names.join(', '),
        holds: answer.open,
        message: `The runbook ${runbook} begins ${when}; that is ${next}${waits}`,
        source: source.windows,
        ...instantsOf(answer),
      },
    ];
  });
}

const windowsOfEnvironment: Rule = (context) => {
  const { policy, request, environment, now, isRollback, isBreakGlass } = context;
  // What mends a window does not wait for it.
  if (request.kind === 'policy') return {};
  if (!environment || environment.windows.length === 0 || isBreakGlass) return {};
  if (isRollback && policy.file.rollback?.windows !== 'keep') return {};
  const answer = windowAt({ windows: environment.windows, now, defaultZone: policy.timezone });
  const zone = environment.windows[0]?.zone ?? policy.timezone;
  const when = environment.windows.map((window) => windowWords(window, policy.timezone)).join(' or ');
  const next = nextWords(answer, zone);
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
        ...instantsOf(answer),
      },
    ],
  };
};

function nextWords({ open, opensAt, closesAt }: WindowAnswer, zone: string): string {
  if (open) return closesAt ? `open until ${instantWords(closesAt, zone)}` : 'open all the time';
  return opensAt ? `closed now and opens ${instantWords(opensAt, zone)}` : 'closed and never opens';
}

function instantsOf({ opensAt, closesAt }: WindowAnswer): { readonly opensAt?: string; readonly closesAt?: string } {
  return {
    ...(opensAt ? { opensAt: opensAt.toISOString() } : {}),
    ...(closesAt ? { closesAt: closesAt.toISOString() } : {}),
  };
}

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
