import { evaluate as evaluateCondition } from '../../expressions/cel';
import { denial, placeOf, type Context, type Finding } from '../context';
import { isPreview } from '../names';
import type { Approval } from '../policy';
import type { Reason, Source } from '../verdict';
import { wantedWords } from './wanted';

export type Asked =
  /** At most one rule of each set; `advice` comes from advisory rules on the way to them. */
  | { readonly kind: 'found'; readonly rules: readonly Approval[]; readonly advice: readonly Reason[] }
  | { readonly kind: 'broken'; readonly finding: Finding };

/**
 * The rules that ask for approvals: of the company's set, the environment's and the service's the first one each that
 * holds. Sets add up, and none replaces another. A condition that cannot be evaluated denies and names its rule.
 */
export function rulesThatAsk(context: Context): Asked {
  const { policy, environment, service } = context;
  const sets = [
    policy.approvals,
    environment?.approvals ?? [],
    (service && policy.serviceApprovals.get(service.name)) ?? [],
  ];
  const found = sets.map((set) => firstOf(set, context));
  const broken = found.find((one) => one.kind === 'broken');
  if (broken) return broken;
  const all = found.filter((one) => one.kind === 'found');
  return {
    kind: 'found',
    rules: all.flatMap(({ rules }) => rules),
    advice: all.flatMap(({ advice }) => advice),
  };
}

function firstOf(set: readonly Approval[], { policy, variables, world }: Context): Asked {
  const advice: Reason[] = [];
  for (const rule of set) {
    const answer = rule.when
      ? evaluateCondition(rule.when, variables, { zone: policy.timezone, unchanging: true })
      : { ok: true as const, value: true };
    // Before there is a plan, a condition on it is taken as holding: the strictest preview.
    if (!answer.ok && !isPreview(rule.when?.paths ?? [], world)) {
      const message = `The approval rule "${rule.name}" could not be evaluated (${answer.message}), and what cannot be judged is denied; the owner of the policy repository has to mend ${placeOf(rule.source)}.`;
      return { kind: 'broken', finding: denial(rule.name, message, rule.source) };
    }
    if (answer.ok && answer.value !== true) continue;
    if (rule.level !== 'advisory') return { kind: 'found', rules: [rule], advice };
    const message = `"${rule.name}" advises to have ${wantedWords(rule.seats)} look at this first; nothing waits for it.`;
    advice.push({ rule: rule.name, level: 'advisory', message, source: rule.source });
  }
  return { kind: 'found', rules: [], advice };
}

/** Why a rule asks whom it asks, in a sentence. */
export function whyAsked(rule: Approval): {
  readonly rule: string;
  readonly message: string;
  readonly source: Source;
} {
  const what = rule.seats.length === 0 ? 'asks nobody to approve' : `asks for ${wantedWords(rule.seats)}`;
  const when = rule.when ? `because ${rule.when.source}` : 'because no rule before it applies';
  return { rule: rule.name, message: `"${rule.name}" ${what}, ${when}.`, source: rule.source };
}
