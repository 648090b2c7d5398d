import type { Context, Finding } from '../context';
import type { Duty } from '../duty';
import type { Approval } from '../policy';
import type { Reason } from '../verdict';
import { demandedBy } from './demanded';
import { dutiesOf } from './duties';
import { rulesThatAsk } from './rule-sets';
import { countOf, merged, type Wanted } from './wanted';

/** What rule sets and duties ask for together. */
export type AskedFor =
  | {
      readonly kind: 'found';
      /** Nothing: nobody is asked. */
      readonly wanted: readonly Wanted[];
      readonly order: 'parallel' | 'sequence';
      readonly rules: readonly Approval[];
      readonly duties: readonly Duty[];
      /** Rules that apply or not by what is looked up only after the first verdict. */
      readonly unsure: readonly Approval[];
      readonly reasons: readonly Reason[];
    }
  | { readonly kind: 'broken'; readonly finding: Finding };

/**
 * Whom a request has to ask. A rollback asks nobody unless policy has it ask as a deploy does. Break-glass asks only what
 * is `hard`; where nothing is, it owes no duty before it begins but its review afterwards.
 */
export function askedFor(context: Context): AskedFor {
  const { policy, isRollback, isBreakGlass } = context;
  if (isRollback && policy.file.rollback?.approvals !== 'as_deploy') return nobody();
  const asked = rulesThatAsk(context);
  if (asked.kind === 'broken') return asked;
  const rules = asked.rules.filter(({ level }) => !isBreakGlass || level === 'hard');
  if (isBreakGlass && rules.length === 0) return nobody(asked.advice);
  const own = rules.flatMap(wantedBy);
  const demanded = demandedBy(context, own);
  const base = [...own, ...demanded.seats];
  const { duties, seats: added, reasons: lacking } = dutiesOf(context, base);
  const order = rules.some((rule) => rule.order === 'sequence') ? 'sequence' : 'parallel';
  return {
    kind: 'found',
    wanted: merged([...base, ...added], order),
    order,
    rules,
    duties: [...demanded.duties, ...duties],
    unsure: asked.unsure,
    reasons: [...asked.advice, ...lacking],
  };
}

/** How many people the gate of a request asks to approve, for the record; null when nobody can tell. */
export function approversAsked(context: Context): number | null {
  const asked = askedFor(context);
  return asked.kind === 'found' ? countOf(asked.wanted) : null;
}

function nobody(reasons: readonly Reason[] = []): AskedFor {
  return { kind: 'found', wanted: [], order: 'parallel', rules: [], duties: [], unsure: [], reasons };
}

/** What a rule asks for. Its ladder widens its own seats: it does not loosen what another set asks for. */
function wantedBy({ seats, ladder }: Approval): readonly Wanted[] {
  const widens = ladder.filter((step) => step.does === 'widen');
  return widens.length === 0 ? seats : seats.map((seat) => ({ ...seat, widens }));
}
