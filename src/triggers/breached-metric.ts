import type { JsonObject } from '../json';
import { askedTitle } from '../operation/title';
import type { Repository } from '../policy/read-repository';
import { formatMeasured, parseCriterion } from '../rollouts/criteria';
import { bareCondition, evaluateSource } from '../runbooks/expressions';
import type { UnsignedFiring } from './alerted-runbooks';
import { cooldownMsOf, type MetricWatch } from './metric-watch';
import { triggeredRequest } from './triggered-request';
import type { Breach } from './watch-news';

/** What a threshold that was held starts under this policy, or the full sentence that says why nothing. */
export function breachedMetric(
  repository: Pick<Repository, 'runbooks'>,
  { watch, breach }: { readonly watch: MetricWatch; readonly breach: Breach },
  now: Date,
): UnsignedFiring | string {
  const { runbook } = watch;
  const rule = repository.runbooks.get(runbook)?.document.on?.metric;
  if (!rule) return `The policy in force has no runbook ${runbook} with on: metric any more, so nothing was started.`;
  const event: JsonObject = { ...breach };
  const key = rule.key === undefined ? undefined : evaluateSource(bareCondition(rule.key), { event });
  if (key && !key.ok)
    return `${watch.what} started nothing, because the key of ${runbook} cannot be made from it (${key.message}); ${rule.owner} can mend on: metric.`;
  const labels = labelText(breach);
  const matter = key === undefined ? labels || (rule.metric ?? runbook) : String(key.value).slice(0, 200);
  const made = triggeredRequest({
    repository,
    runbook,
    trigger: 'metric',
    event,
    because: `${watch.what}${labels === '' ? '' : ` (${matter})`}, which is at ${measured(watch, breach)}`,
    requester: { kind: 'machine', id: 'metric', via: 'metric' },
    key: `metric/${runbook}/${matter}/${breach.at}`,
    at: new Date(breach.at),
    now,
  });
  if (made.kind === 'void') return made.sentence;
  return {
    runbook,
    key: matter,
    event: `${matter}/${breach.since}`,
    cooldownMs: cooldownMsOf(rule),
    ...(rule.per_day === undefined ? {} : { perDay: rule.per_day }),
    title: askedTitle(made.request).slice(0, 200),
    request: made.request,
  };
}

/** A series by its labels, without the name that most metrics carry. */
function labelText({ labels }: Breach): string {
  return Object.entries(labels)
    .filter(([name]) => name !== '__name__')
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join(', ')
    .slice(0, 200);
}

function measured({ is, unit }: MetricWatch, { value }: Breach): string {
  const parsed = parseCriterion(is, unit);
  return parsed.ok ? formatMeasured(parsed.criterion, value) : String(value);
}
