import type { Json } from '../json';
import { isLate } from '../runbooks/scope';
import type { Plan } from './plan';

/** What a person filled in, in words; absent where there is nothing to fill in. */
export function shownInputs(plan: Plan): { readonly [name: string]: string } | undefined {
  if (plan.operation.kind !== 'provision' && plan.operation.kind !== 'runbook') return undefined;
  const inputs = plan.scopes[plan.operation.runbook ?? '']?.inputs ?? {};
  return Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, inputWords(value)]));
}

function inputWords(value: Json): string {
  if (isLate(value)) return 'whatever runs here when it begins';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
