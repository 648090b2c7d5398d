import { denial, listed, type Context, type Finding } from './context';
import type { OverrideRule } from './policy';
import type { Level, Source } from './verdict';

/** A rule that a request breaks. `message` is a full sentence: what, why, and what to do about it. */
export interface Violation {
  readonly rule: string;
  readonly level: Level;
  readonly message: string;
  readonly source?: Source;
  /** Who may override it when it is soft; absent: those whom policy names under `overrides`. */
  readonly override?: OverrideRule;
  /** ISO instant after which the rule is broken no more, if only time is missing. */
  readonly until?: string;
}

/**
 * What breaking a rule leads to: a hard one denies, an advisory one is said, a soft one waits for somebody who may
 * override it and gives way to break-glass. A soft rule that nobody may override denies, since unknown means no.
 */
export function violation({ policy, isBreakGlass }: Context, broken: Violation): Finding {
  const { rule, level, message, source } = broken;
  if (level === 'hard') return denial(rule, message, source);
  if (level === 'advisory') return { reasons: [{ rule, level, message, source }] };
  if (isBreakGlass) return { reasons: [{ rule, level: 'advisory', message: `${message} ${passes}`, source }] };
  const override = broken.override ?? policy.overrides;
  if (!override) return denial(rule, `${message} ${nobodyMay}`, source);
  const who = `${listed(override.who, 'or')} may override it with a reason`;
  return {
    gates: [
      {
        kind: 'override',
        rule,
        holds: false,
        message: `${message} The rule is soft: ${who}${override.self ? '' : ', and whoever asked may not'}.`,
        source,
        ...override,
        ...(broken.until ? { until: broken.until } : {}),
      },
    ],
  };
}

const passes = 'This is break-glass, which a soft rule lets pass.';
const nobodyMay =
  'It is soft, but policy names nobody who may override it; the owner of the policy repository can do that under overrides.';
