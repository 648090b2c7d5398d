import type { Expression } from '../expressions/cel';
import type { Policy } from './policy';
import type { Source } from './verdict';

/** A rule with `mode: shadow`: it binds nobody, and `policy` is what would hold if it did. */
export interface ShadowRule {
  readonly rule: string;
  readonly source: Source;
  readonly when?: Expression;
  readonly policy: Policy;
}

interface MayBeShadow {
  readonly mode?: 'shadow';
  readonly name?: string;
  readonly when?: Expression;
  readonly source: Source;
}

/**
 * Takes the rules with `mode: shadow` out of a policy and keeps beside it, for each of them, the policy in which it
 * binds at its own place. So a shadow rule is judged by the same engine as one that binds, and cannot bind by mistake.
 */
export function withShadows(all: Omit<Policy, 'shadow'>): Policy {
  const { approvals, freezes, factRules, rules: own, environments, serviceApprovals } = all;
  const lists = { approvals, freezes, factRules, rules: own, environments, serviceApprovals };
  const binding: Policy = { ...all, ...without(lists, undefined), shadow: [] };
  const rules: readonly MayBeShadow[] = [
    ...factRules,
    ...approvals,
    ...[...environments.values()].flatMap((environment) => environment.approvals),
    ...[...serviceApprovals.values()].flat(),
    ...own,
    ...freezes,
  ];
  const shadow = rules
    .filter(({ mode }) => mode === 'shadow')
    .map((rule) => ({
      rule: rule.name ?? `fact rule at ${rule.source.file}:${rule.source.line}`,
      source: rule.source,
      when: rule.when,
      policy: { ...binding, ...without(lists, rule) },
    }));
  return { ...binding, shadow };
}

type Lists = Pick<Policy, 'approvals' | 'freezes' | 'factRules' | 'rules' | 'environments' | 'serviceApprovals'>;

function without(lists: Lists, except: MayBeShadow | undefined): Lists {
  const stays = (rule: MayBeShadow): boolean => rule.mode !== 'shadow' || rule === except;
  return {
    environments: new Map(
      [...lists.environments].map(([name, environment]) => [
        name,
        { ...environment, approvals: environment.approvals.filter(stays) },
      ]),
    ),
    serviceApprovals: new Map([...lists.serviceApprovals].map(([name, set]) => [name, set.filter(stays)])),
    approvals: lists.approvals.filter(stays),
    freezes: lists.freezes.filter(stays),
    factRules: lists.factRules.filter(stays),
    rules: lists.rules.filter(stays),
  };
}
