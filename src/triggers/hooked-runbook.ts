import { canonical, sha256 } from '../canonical';
import type { JsonObject } from '../json';
import { askedTitle } from '../operation/title';
import type { Repository } from '../policy/read-repository';
import { parseDuration } from '../runbooks/duration';
import { bareCondition, evaluateCondition, evaluateSource } from '../runbooks/expressions';
import type { UnsignedFiring } from './alerted-runbooks';
import type { Hook } from './hook';
import { triggeredRequest } from './triggered-request';

/** Where the runbook says nothing: what is delivered twice starts nothing twice. */
const usualCooldownMs = 300_000;

/** What a webhook starts under this policy; undefined where its condition does not hold, a full sentence where something is wrong. */
export function hookedRunbook(
  repository: Pick<Repository, 'runbooks'>,
  { runbook, by, at, body }: Hook,
  now: Date,
): UnsignedFiring | string | undefined {
  const rule = repository.runbooks.get(runbook)?.document.on?.webhook;
  if (!rule)
    return `${by} posted to the webhook of ${runbook}, and the policy in force has no runbook of that name with on: webhook, so nothing was started; whoever looks after ${by} has to post elsewhere.`;
  const event: JsonObject = { by, at, body };
  const wanted = rule.if === undefined ? { ok: true as const, value: true } : evaluateCondition(rule.if, { event });
  const key = rule.key === undefined ? undefined : evaluateSource(bareCondition(rule.key), { event });
  const wrong = [wanted, ...(key ? [key] : [])].find(({ ok }) => !ok);
  if (wrong && !wrong.ok)
    return `The webhook of ${runbook} started nothing, because its "if" or its key cannot be told from what ${by} posted (${wrong.message}); ${rule.owner} can mend on: webhook.`;
  if (!wanted.ok || !wanted.value) return undefined;
  const digest = sha256(canonical(body)).slice(0, 10);
  const matter = key?.ok ? String(key.value).slice(0, 200) : digest;
  const made = triggeredRequest({
    repository,
    runbook,
    trigger: 'webhook',
    event,
    because: `a webhook of ${by} (${matter})`,
    requester: { kind: 'machine', id: by, via: 'webhook' },
    key: `webhook/${runbook}/${matter}/${digest}/${at}`,
    at: new Date(at),
    now,
  });
  if (made.kind === 'void') return made.sentence;
  return {
    runbook,
    key: matter,
    event: digest,
    cooldownMs: rule.cooldown === undefined ? usualCooldownMs : parseDuration(rule.cooldown)!,
    ...(rule.per_day === undefined ? {} : { perDay: rule.per_day }),
    title: askedTitle(made.request).slice(0, 200),
    request: made.request,
  };
}
