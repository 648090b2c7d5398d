import { z } from 'zod';
import { digestOf } from '../canonical';
import type { ApprovalAsk, ApprovalCaller, ApprovalJudgement } from './ask';
import { listed } from '../policy/context';
import { seatsFor } from '../policy/approvals/wanted';
import { delegationsAhead, rosterOf } from '../policy/members';
import { quietHoursOf } from '../policy/quiet-hours';
import { excludedAccounts } from '../policy/people';
import type { OperationRequest } from '../operation/request';
import type { Policy } from '../policy/policy';
import { parseDuration } from '../runbooks/duration';
import type { Ballot, Rung } from './ballot';

const hourMs = 3_600_000;
const defaultTimeoutMs = 24 * hourMs;

/** It comes from outside, from any language: nothing in it is taken on trust. */
const askSchema = z.object({
  title: z.string().min(1).max(200),
  about: z.string().max(3_000).default(''),
  from: z
    .array(z.union([z.string().min(1), z.object({ team: z.string().min(1), count: z.int().min(1).max(20) })]))
    .min(1, 'needs at least one team'),
  environment: z.string().optional(),
  channel: z.string().optional(),
  fields: z.record(z.string(), z.string().max(2_000)).optional(),
  timeout: z.string().optional(),
  requester: z.string().optional(),
});

interface Asked {
  readonly ask: ApprovalAsk;
  /** `type` is the workflow type of the parent, asked of Temporal; a client that starts it directly counts as `client`. */
  readonly caller: ApprovalCaller & { readonly type?: string };
  /** The operation of which it is a step, its signature verified: policy has judged already who asks. */
  readonly operation?: OperationRequest;
  readonly policy: Policy;
  readonly now: Date;
}

/** Verdict and ballot for the public `requestApproval`: teams, eligibility and four eyes come from policy. */
export function judgeAsk(input: Asked): ApprovalJudgement {
  const { caller, policy, operation } = input;
  const denied = (reason: string): ApprovalJudgement => ({ kind: 'denied', reason });
  const parsed = askSchema.safeParse(input.ask);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return denied(
      `This is not an approval that can be asked for: ${issue?.path.join('.') || 'the input'}: ${issue?.message ?? 'it is not an object'}; see docs/approvals-for-any-workflow.md.`,
    );
  }
  const ask: ApprovalAsk = operation ? { ...parsed.data, requester: operation.requester.id } : parsed.data;
  const callers = policy.file.approval_callers ?? [];
  if (!operation && !callers.includes(caller.type ?? 'client'))
    return denied(
      `Policy lists who may ask for approvals (${listed(callers) || 'nobody'}), and ${caller.type ?? 'a caller without a parent workflow'} is not among them; the owner of the policy repository can add it under approval_callers.`,
    );
  const unknown = wantedIn(ask)
    .filter(({ team }) => !policy.teams.has(team))
    .map(({ team }) => team);
  if (unknown.length > 0)
    return denied(
      `Policy has no team called ${listed(unknown, 'or')}; use one of ${listed([...policy.teams.keys()], 'or')}.`,
    );
  const environment = ask.environment === undefined ? undefined : policy.environments.get(ask.environment);
  if (ask.environment !== undefined && !environment)
    return denied(`Policy has no environment called ${ask.environment}, so nobody can approve for it.`);
  const timeoutMs = ask.timeout === undefined ? defaultTimeoutMs : parseDuration(ask.timeout);
  if (!timeoutMs) return denied(`"${ask.timeout}" is not a duration; write it as in 30m or 24h.`);
  const digest = digestOf({ format: 1, ask, caller, policyCommit: policy.commit });
  const channel =
    ask.channel ?? environment?.channel ?? policy.channels.default ?? policy.channels.policy ?? '#general';
  const ballots = [ballotFor({ ...input, ask }, { digest, timeoutMs })];
  return { kind: 'allowed', policyCommit: policy.commit, channel, ballots, digest };
}

function wantedIn({ from }: ApprovalAsk): readonly { readonly team: string; readonly count: number }[] {
  return from.map((entry) => (typeof entry === 'string' ? { team: entry, count: 1 } : entry));
}

function ballotFor(
  { ask, policy, operation, now }: Asked,
  { digest, timeoutMs }: { readonly digest: string; readonly timeoutMs: number },
): Ballot {
  const wanted = wantedIn(ask);
  const teams = Object.fromEntries(wanted.map(({ team }) => [team, rosterOf({ policy, now }, team, timeoutMs)]));
  const excluded = excludedAccounts({ people: policy.people, requester: ask.requester });
  const shown = {
    rule: operation ? 'approval' : 'requestApproval',
    seats: seatsFor(wanted.map(({ team, count }) => ({ teams: [team], count }))),
    teams,
    order: 'parallel',
    excluded,
    delegations: delegationsAhead(policy, { now, aheadMs: timeoutMs, excluded }),
    timeoutMs,
    ladder: remindersWithin(timeoutMs),
    oneClick: false,
  } as const;
  const ballotDigest = digestOf({ digest, ...shown });
  return {
    id: `b1-${ballotDigest.slice(0, 8)}`,
    digest: ballotDigest,
    ...shown,
    persons: policy.people.aliases,
    ...(policy.quiet === 'none'
      ? {}
      : { quiet: quietHoursOf({ rule: policy.quiet, policy, teams: Object.values(teams), now, forMs: timeoutMs }) }),
    channels: [],
  };
}

/** After one hour and after four; half-way when there is not that much time. An ask names no reminders. */
function remindersWithin(timeoutMs: number): readonly Rung[] {
  const usual = [hourMs, 4 * hourMs].filter((after) => after < timeoutMs);
  const reminders = usual.length > 0 ? usual : [timeoutMs / 2];
  return reminders.map((afterMs) => ({ afterMs, does: 'remind' }));
}
