import { digestOf } from '../canonical';
import type { ApprovalAsk, ApprovalCaller, ApprovalJudgement } from '../operation/ports';
import { listed, membersOf } from '../policy/context';
import { excludedAccounts } from '../policy/people';
import type { Policy } from '../policy/policy';
import { parseDuration } from '../runbooks/duration';
import type { Ballot } from './ballot';

const defaultTimeoutMs = 24 * 3_600_000;

/** Verdict and ballot for the public `requestApproval`: teams, eligibility and four eyes come from policy. */
export function judgeAsk(input: {
  readonly ask: ApprovalAsk;
  /** `type` is the workflow type of the parent, asked of Temporal; a client that starts it directly has none. */
  readonly caller: ApprovalCaller & { readonly type?: string };
  readonly policy: Policy;
  readonly now: Date;
}): ApprovalJudgement {
  const { ask, caller, policy, now } = input;
  const wanted = (ask.from ?? []).map((entry) => (typeof entry === 'string' ? { team: entry, count: 1 } : entry));
  const unknown = wanted.filter(({ team }) => !policy.teams.has(team)).map(({ team }) => team);
  const environment = ask.environment === undefined ? undefined : policy.environments.get(ask.environment);
  const timeoutMs = ask.timeout === undefined ? defaultTimeoutMs : parseDuration(ask.timeout);
  const denied = (reason: string): ApprovalJudgement => ({ kind: 'denied', reason });
  const callers = policy.file.approval_callers;
  if (callers && !callers.includes(caller.type ?? ''))
    return denied(
      `Policy lists who may ask for approvals (${listed(callers) || 'nobody'}), and ${caller.type ?? 'a caller without a parent workflow'} is not among them; the owner of the policy repository can add it under approval_callers.`,
    );
  if (!ask.title || wanted.length === 0) return denied('An approval needs a title and at least one team in "from".');
  if (unknown.length > 0)
    return denied(
      `Policy has no team called ${listed(unknown, 'or')}; use one of ${listed([...policy.teams.keys()], 'or')}.`,
    );
  if (ask.environment !== undefined && !environment)
    return denied(`Policy has no environment called ${ask.environment}, so nobody can approve for it.`);
  if (!timeoutMs) return denied(`"${ask.timeout}" is not a duration; write it as in 30m or 24h.`);
  const digest = digestOf({ format: 1, ask, caller, policyCommit: policy.commit });
  const shown = {
    rule: 'requestApproval',
    seats: wanted.flatMap(({ team, count }) =>
      Array.from({ length: Math.max(1, Math.min(count, 20)) }, (_, seat) => ({ id: `${team}#${seat + 1}`, team })),
    ),
    teams: Object.fromEntries(wanted.map(({ team }) => [team, membersOf(policy, team, now)])),
    order: 'parallel',
    excluded: excludedAccounts({ people: policy.people, requester: ask.requester }),
    timeoutMs,
    oneClick: false,
  } as const;
  const ballotDigest = digestOf({ digest, ...shown });
  const ballot: Ballot = {
    id: `b1-${ballotDigest.slice(0, 8)}`,
    digest: ballotDigest,
    ...shown,
    persons: policy.people.aliases,
    remindAfterMs: [],
  };
  const channel =
    ask.channel ?? environment?.channel ?? policy.channels.default ?? policy.channels.policy ?? '#general';
  return { kind: 'allowed', policyCommit: policy.commit, channel, ballots: [ballot], digest };
}
