import type { Policy } from './policy';
import type { Source } from './verdict';

/** A rule with `mode: shadow`: it binds nobody, and `policy` is what would hold if it did. */
export interface ShadowRule {
  readonly rule: string;
  readonly source: Source;
  readonly policy: Policy;
}

interface MayBeShadow {
  readonly mode?: 'shadow';
  readonly name?: string;
  readonly source: Source;
}

/**
 * Takes the rules with `mode: shadow` out of a policy and keeps beside it, for each of them, the policy in which it
 * binds at its own place. So a shadow rule is judged by the same engine as one that binds, and cannot bind by mistake.
 */
export function withShadows(all: Omit<Policy, 'shadow'>): Policy {
  const lists = { approvals: all.approvals, freezes: all.freezes, factRules: all.factRules, rules: all.rules };
  const binding: Policy = { ...all, ...without(lists, undefined), shadow: [] };
  const rules: readonly MayBeShadow[] = [...all.factRules, ...all.approvals, ...all.rules, ...all.freezes];
  const shadow = rules
    .filter(({ mode }) => mode === 'shadow')
    .map((rule) => ({
      rule: rule.name ?? `fact rule at ${rule.source.file}:${rule.source.line}`,
      source: rule.source,
      policy: { ...binding, ...without(lists, rule) },
    }));
  return { ...binding, shadow };
}

type Lists = Pick<Policy, 'approvals' | 'freezes' | 'factRules' | 'rules'>;

function without(lists: Lists, except: MayBeShadow | undefined): Lists {
  const stays = (rule: MayBeShadow): boolean => rule.mode !== 'shadow' || rule === except;
  return {
    approvals: lists.approvals.filter(stays),
    freezes: lists.freezes.filter(stays),
    factRules: lists.factRules.filter(stays),
    rules: lists.rules.filter(stays),
  };
}
