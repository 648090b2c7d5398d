import { evaluate as evaluateCondition, type Expression } from '../expressions/cel';
import type { Json } from '../json';
import type { Context } from './context';
import { withFacts } from './facts';
import { isPreview } from './names';
import type { Source } from './verdict';

/** Whether a condition holds. `depends`: on what is looked up only after the first verdict. */
export type Holding =
  | { readonly kind: 'yes' }
  | { readonly kind: 'no' }
  | { readonly kind: 'depends' }
  /** It cannot be evaluated, and nothing that is looked up later changes that. */
  | { readonly kind: 'broken'; readonly message: string };

/** More ways in which facts may come out are not tried one by one. */
const mostWays = 256;

/**
 * Whether a condition holds; an absent one always does. Facts that are known later stand at their strictest until then,
 * so a condition on them is asked with everything that they may become.
 */
export function holding(when: Expression | undefined, context: Context): Holding {
  if (!when) return { kind: 'yes' };
  const { policy, variables, world } = context;
  const ask = (of = variables): ReturnType<typeof evaluateCondition> =>
    evaluateCondition(when, of, { zone: policy.timezone, unchanging: true });
  const answer = ask();
  if (!answer.ok)
    return isPreview(when.paths, world) ? { kind: 'depends' } : { kind: 'broken', message: answer.message };
  const others = waysOf(when, context);
  if (others === 'many') return { kind: 'depends' };
  const isSame = others.every((facts) => {
    const other = ask(withFacts(variables, facts));
    return other.ok && other.value === answer.value;
  });
  if (!isSame) return { kind: 'depends' };
  return { kind: answer.value === true ? 'yes' : 'no' };
}

type Facts = { readonly [fact: string]: Json };

/** How the later facts that a condition reads may come out; none when it reads none. */
function waysOf({ paths }: Expression, { policy, laterFacts }: Context): readonly Facts[] | 'many' {
  const read = [...laterFacts].filter((fact) => paths.includes(`change.${fact}`));
  if (read.length === 0) return [];
  let ways: readonly Facts[] = [{}];
  for (const fact of read) {
    const values = policy.facts.get(fact) ?? [false, true];
    if (ways.length * values.length > mostWays) return 'many';
    ways = ways.flatMap((way) => values.map((value) => ({ ...way, [fact]: value })));
  }
  return ways;
}

/** For whoever asks what would be: a rule of which nobody can say yet whether it applies. */
export function dependsLine({ name, source }: { readonly name: string; readonly source: Source }): {
  readonly rule: string;
  readonly message: string;
  readonly source: Source;
} {
  const message = `Whether "${name}" applies depends on the change and its plan, which are looked up once somebody asks for it.`;
  return { rule: name, message, source };
}
