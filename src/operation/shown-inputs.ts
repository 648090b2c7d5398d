import type { Json } from '../json';
import { formatDuration } from '../runbooks/duration';
import { isLate } from '../runbooks/scope';
import type { Plan } from './plan';

/** What a person filled in, in words; absent where there is nothing to fill in. */
export function shownInputs(plan: Plan): { readonly [name: string]: string } | undefined {
  if (!filledIn.includes(plan.operation.kind)) return undefined;
  const inputs = plan.scopes[plan.operation.runbook ?? '']?.inputs ?? {};
  const lease = plan.resource?.lease;
  const words =
    lease &&
    `${formatDuration(lease.forMs)}, ${formatDuration(lease.maxMs)} at most with extensions; then it is taken away`;
  return {
    ...(words === undefined ? {} : { lease: words }),
    ...Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, inputWords(value)])),
  };
}

const filledIn: readonly string[] = ['provision', 'runbook', 'destroy'];

function inputWords(value: Json): string {
  if (isLate(value)) return 'whatever runs here when it begins';
  if (Array.isArray(value) && value.every((each) => typeof each !== 'object')) return value.join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
