import { denial, placeOf, type Context, type Finding } from '../context';
import { holding } from '../holding';
import type { Approval } from '../policy';
import type { Reason, Source } from '../verdict';
import { countOf, wantedWords } from './wanted';

export type Asked =
  /** At most one rule of each set; `advice` comes from advisory rules on the way to them. */
  | {
      readonly kind: 'found';
      readonly rules: readonly Approval[];
      readonly advice: readonly Reason[];
      /** Rules that apply or not by what is looked up only after the first verdict. */
      readonly unsure: readonly Approval[];
    }
  | { readonly kind: 'broken'; readonly finding: Finding };

/**
 * The rules that ask for approvals: of the company's set, the environment's and the service's the first one each that
 * holds. Sets add up, and none replaces another. A condition that cannot be evaluated denies and names its rule; of
 * rules that may apply, as long as nobody knows, the strictest is taken.
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
    unsure: all.flatMap(({ unsure }) => unsure),
  };
}

function firstOf(set: readonly Approval[], context: Context): Asked {
  const advice: Reason[] = [];
  const unsure: Approval[] = [];
  for (const rule of set) {
    const answer = holding(rule.when, context);
    if (answer.kind === 'no') continue;
    if (answer.kind === 'broken') {
      // One before it may apply, so that nobody asks this one.
      if (unsure.length > 0) break;
      const message = `The approval rule "${rule.name}" could not be evaluated (${answer.message}), and what cannot be judged is denied; the owner of the policy repository has to mend ${placeOf(rule.source)}.`;
      return { kind: 'broken', finding: denial(rule.name, message, rule.source) };
    }
    if (rule.level === 'advisory') {
      const message = `"${rule.name}" advises to have ${wantedWords(rule.seats)} look at this first; nothing waits for it.`;
      advice.push({ rule: rule.name, level: 'advisory', message, source: rule.source });
      continue;
    }
    if (answer.kind === 'yes')
      return { kind: 'found', rules: [strictestOf([...unsure, rule], context)], advice, unsure };
    unsure.push(rule);
  }
  return { kind: 'found', rules: unsure.length > 0 ? [strictestOf(unsure, context)] : [], advice, unsure };
}

/** The rule that asks the most people, and of several such the first. */
function strictestOf(rules: readonly Approval[], { isBreakGlass }: Context): Approval {
  const weight = ({ seats, level }: Approval): number => (isBreakGlass && level !== 'hard' ? 0 : countOf(seats));
  return rules.reduce((strictest, rule) => (weight(rule) > weight(strictest) ? rule : strictest));
}

/** Why a rule asks whom it asks, in a sentence. */
export function whyAsked(
  rule: Approval,
  unsure: readonly Approval[],
): {
  readonly rule: string;
  readonly message: string;
  readonly source: Source;
} {
  const what = rule.seats.length === 0 ? 'asks nobody to approve' : `asks for ${wantedWords(rule.seats)}`;
  const why = unsure.includes(rule) ? 'if' : 'because';
  const when = rule.when
    ? `${why} ${rule.when.source}`
    : unsure.length > 0
      ? 'unless a rule before it applies'
      : 'because no rule before it applies';
  return { rule: rule.name, message: `"${rule.name}" ${what}, ${when}.`, source: rule.source };
}
