import type { JsonObject } from '../json';
import { askedTitle } from '../operation/title';
import type { Repository } from '../policy/read-repository';
import { parseDuration } from '../runbooks/duration';
import { bareCondition, evaluateSource } from '../runbooks/expressions';
import type { UnsignedFiring } from './alerted-runbooks';
import type { Pushed, PushWatch } from './push-watch';
import { triggeredRequest } from './triggered-request';

const namedAuthors = 3;

/** What a push starts under this policy, or the full sentence that says why nothing. */
export function pushedRunbook(
  repository: Pick<Repository, 'runbooks'>,
  given: {
    readonly watch: Pick<PushWatch, 'runbook' | 'repository'>;
    readonly push: Pushed;
    /** Equal for a push that is told again, another for the next. */
    readonly key: string;
  },
  now: Date,
): UnsignedFiring | string {
  const { watch, push, key } = given;
  const { runbook } = watch;
  const rule = repository.runbooks.get(runbook)?.document.on?.push;
  if (!rule) return `The policy in force has no runbook ${runbook} with on: push any more, so nothing was started.`;
  const event = eventOf(watch, push);
  const matter = rule.key === undefined ? undefined : evaluateSource(bareCondition(rule.key), { event });
  if (matter && !matter.ok)
    return `The push to ${push.branch} of ${watch.repository} started nothing, because the key of ${runbook} cannot be made from it (${matter.message}); ${rule.owner} can mend on: push.`;
  const made = triggeredRequest({
    repository,
    runbook,
    trigger: 'push',
    event,
    because: becauseOf(watch, push),
    requester: { kind: 'machine', id: 'push', via: 'push' },
    key: `push/${runbook}/${push.branch}/${push.commit}/${key}`,
    at: now,
    now,
  });
  if (made.kind === 'void') return made.sentence;
  const request = push.authors === undefined ? made.request : { ...made.request, wroteBy: push.authors };
  return {
    runbook,
    key: matter === undefined ? `${push.branch} ${push.commit.slice(0, 10)}` : String(matter.value).slice(0, 200),
    event: `${push.branch}/${push.commit}/${key}`,
    // Each push is a matter of its own, unless the runbook says otherwise.
    cooldownMs: rule.cooldown === undefined ? 0 : parseDuration(rule.cooldown)!,
    ...(rule.per_day === undefined ? {} : { perDay: rule.per_day }),
    title: askedTitle(request).slice(0, 200),
    request,
  };
}

/** As expressions see it. */
function eventOf({ repository }: Pick<PushWatch, 'repository'>, push: Pushed): JsonObject {
  const { branch, commit, before = '', authors = [], paths = [] } = push;
  return { repository, branch, commit, before, authors: authors.map(({ name }) => name), paths };
}

function becauseOf({ repository }: Pick<PushWatch, 'repository'>, { branch, commit, authors = [] }: Pushed): string {
  const names = [...new Set(authors.map(({ name }) => name))];
  const more = names.length > namedAuthors ? ` and ${names.length - namedAuthors} more` : '';
  const by = names.length === 0 ? '' : `, written by ${names.slice(0, namedAuthors).join(', ')}${more}`;
  return `the push of ${commit.slice(0, 10)} to ${branch} of ${repository}${by}`;
}
