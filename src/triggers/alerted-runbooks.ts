import type { JsonObject } from '../json';
import type { Repository } from '../policy/read-repository';
import { askedTitle } from '../operation/title';
import type { OperationRequest } from '../operation/request';
import { parseDuration } from '../runbooks/duration';
import { bareCondition, evaluateSource } from '../runbooks/expressions';
import type { AlertTrigger } from '../runbooks/trigger-schema';
import type { Alert, Alerts } from './alerts';
import type { Firing } from './firings';
import { triggeredRequest } from './triggered-request';

/** A firing whose request nobody has signed yet. */
export type UnsignedFiring = Omit<Firing, 'request'> & { readonly request: OperationRequest };

/** Where the runbook says nothing: a webhook that is delivered twice starts nothing twice. */
const usualCooldownMs = 300_000;

/** What alerts start under this policy, and what cannot be told of them, in full sentences. */
export function alertedRunbooks(
  repository: Pick<Repository, 'runbooks'>,
  { by, at, alerts }: Alerts,
  now: Date,
): { readonly firings: readonly UnsignedFiring[]; readonly problems: readonly string[] } {
  const firings: UnsignedFiring[] = [];
  const problems: string[] = [];
  for (const { document } of repository.runbooks.values()) {
    const rule = document.on?.alert;
    for (const alert of rule ? alerts.filter((each) => isMatched(rule, each)) : []) {
      const made = firingOf({ repository, runbook: document.name, rule: rule!, alert, by, at, now });
      if (typeof made === 'string') problems.push(made);
      else firings.push(made);
    }
  }
  return { firings, problems };
}

function isMatched({ match }: AlertTrigger, { labels }: Alert): boolean {
  return Object.entries(match).every(([name, value]) => Object.hasOwn(labels, name) && labels[name] === value);
}

function firingOf(spec: {
  readonly repository: Pick<Repository, 'runbooks'>;
  readonly runbook: string;
  readonly rule: AlertTrigger;
  readonly alert: Alert;
  readonly by: string;
  readonly at: string;
  readonly now: Date;
}): UnsignedFiring | string {
  const { repository, runbook, rule, alert, by, at, now } = spec;
  const event: JsonObject = {
    labels: alert.labels,
    annotations: alert.annotations,
    starts_at: alert.startsAt,
    fingerprint: alert.fingerprint,
  };
  const name = alert.labels.alertname ?? alert.fingerprint;
  const key = rule.key === undefined ? undefined : evaluateSource(bareCondition(rule.key), { event });
  if (key && !key.ok)
    return `The alert ${name} started nothing, because the key of ${runbook} cannot be made from it (${key.message}); ${rule.owner} can mend on: alert.`;
  const matter = key === undefined ? alert.fingerprint : String(key.value).slice(0, 200);
  const made = triggeredRequest({
    repository,
    runbook,
    trigger: 'alert',
    event,
    because: `the alert ${name} (${matter})`,
    requester: { kind: 'machine', id: by, via: 'alert' },
    key: `alert/${runbook}/${matter}/${at}`,
    at: new Date(at),
    now,
  });
  if (made.kind === 'void') return made.sentence;
  const { request } = made;
  return {
    runbook,
    key: matter,
    event: `${alert.fingerprint}/${alert.startsAt}`,
    cooldownMs: rule.cooldown === undefined ? usualCooldownMs : parseDuration(rule.cooldown)!,
    ...(rule.per_day === undefined ? {} : { perDay: rule.per_day }),
    title: askedTitle(request).slice(0, 200),
    request,
  };
}
