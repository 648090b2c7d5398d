import {
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type Client,
  type ScheduleUpdateOptions,
} from '@temporalio/client';
import { digestOf } from '../../src/canonical';
import { Refusal } from '../../src/errors';
import type { Json } from '../../src/json';
import type { WorkerActivities } from '../../src/operation/ports';
import { isRelayed, relay } from '../../src/operation/relay';
import { askedTitle } from '../../src/operation/title';
import type { Policy } from '../../src/policy/policy';
import { parseDuration } from '../../src/runbooks/duration';
import type { ScheduleTrigger } from '../../src/runbooks/trigger-schema';
import { alertedRunbooks } from '../../src/triggers/alerted-runbooks';
import { hookedRunbook } from '../../src/triggers/hooked-runbook';
import { isTimeOf, timeInFiring } from '../../src/triggers/schedule-times';
import { triggeredRequest } from '../../src/triggers/triggered-request';
import {
  triggerId,
  TRIGGERS,
  WORKER_QUEUE,
  WORKFLOWS,
  type OperationTimings,
  type TriggerInput,
} from '../../workflows/contract';
import { finalIfRefused } from './final-if-refused';
import type { CodeSource } from './code-source';
import { createMetricWatches, orderWatches } from './metric-watches';
import type { PolicySource } from './policy-source';
import { createPushWatches, orderPushWatches } from './push-watches';
import { tellOf } from './watches';

export interface TriggerDeps {
  readonly policy: Pick<PolicySource, 'current' | 'at'>;
  readonly client: Pick<Client, 'schedule' | 'workflow'>;
  /** Keeps what runners are to look at. */
  readonly keepBody: (text: string) => Promise<string>;
  readonly code: Pick<CodeSource, 'open'>;
  /** Address of the policy repository, which a runbook may watch, too. */
  readonly policyUrl: string;
  readonly relayKey: string;
  readonly timings: OperationTimings;
  readonly now: () => Date;
}

/** How late a run may still begin after Temporal itself was away: what is older is skipped, not done late unasked. */
const catchupMs = 600_000;

const overlaps: { readonly [overlap in NonNullable<ScheduleTrigger['overlap']>]: ScheduleOverlapPolicy } = {
  skip: ScheduleOverlapPolicy.SKIP,
  buffer: ScheduleOverlapPolicy.BUFFER_ONE,
  all: ScheduleOverlapPolicy.ALLOW_ALL,
};

/** What starts runbooks without anybody asking. */
export function createTriggerActivities(
  deps: TriggerDeps,
): Pick<
  WorkerActivities,
  'armTriggers' | 'scheduledRequest' | 'alertedRunbooks' | 'hookedRunbook' | 'metricFired' | 'watchPushes'
> {
  return {
    ...createMetricWatches(deps),
    ...createPushWatches(deps),

    async armTriggers({ commit, formerly }) {
      // Not what is in force for this worker, which may not have heard of the commit yet.
      const repository = await deps.policy.at(commit);
      const wanted = [...repository.runbooks.values()].flatMap(({ document: { name, on } }) =>
        on?.schedule ? [{ runbook: name, schedule: scheduleOf(deps, name, on.schedule, repository.policy) }] : [],
      );
      const problems: string[] = [];
      for (const { runbook, schedule } of wanted) {
        const problem = await arm(deps.client, runbook, schedule);
        if (problem !== undefined) problems.push(problem);
      }
      const armed = wanted.map(({ runbook }) => triggerId(runbook));
      for (const id of await armedBefore(deps.client, formerly)) if (!armed.includes(id)) await disarm(deps.client, id);
      const watched = await orderWatches(deps, repository, formerly);
      const pushed = await orderPushWatches(deps, repository, formerly);
      return { armed: [...armed, ...watched, ...pushed], problems };
    },

    alertedRunbooks: ({ alerts }) =>
      finalIfRefused(async () => {
        if (!isRelayed('alert', alerts, deps.relayKey))
          throw new Refusal('not_relayed', 'These alerts did not come through Signalbox, so they start nothing.');
        const { repository } = await deps.policy.current();
        const { firings, problems } = alertedRunbooks(repository, alerts.body, deps.now());
        const signed = firings.map((each) => ({ ...each, request: relay('request', each.request, deps.relayKey) }));
        return { firings: signed, problems, ...tellOf(repository.policy) };
      }),

    hookedRunbook: ({ hook }) =>
      finalIfRefused(async () => {
        if (!isRelayed('hook', hook, deps.relayKey))
          throw new Refusal('not_relayed', 'This webhook did not come through Signalbox, so it starts nothing.');
        const { repository } = await deps.policy.current();
        const tell = tellOf(repository.policy);
        const made = hookedRunbook(repository, hook.body, deps.now());
        if (made === undefined) return {};
        if (typeof made === 'string') return { problem: made, ...tell };
        return { firing: { ...made, request: relay('request', made.request, deps.relayKey) }, ...tell };
      }),

    scheduledRequest: ({ runbook, firing }) =>
      finalIfRefused(async () => {
        const { repository } = await deps.policy.current();
        const { timezone } = repository.policy;
        const tell = tellOf(repository.policy);
        const at = timeInFiring(firing);
        const rule = repository.runbooks.get(runbook)?.document.on?.schedule;
        const because = `its schedule for ${at?.toISOString() ?? 'no instant'}`;
        if (rule && !(at && isTimeOf(rule, at, timezone) && at <= deps.now()))
          return {
            kind: 'void',
            sentence: `The runbook ${runbook} was not started by ${because}, because the schedule in force does not name that instant; ask for it with /runbook run ${runbook}.`,
            ...tell,
          };
        const made = triggeredRequest({
          repository,
          runbook,
          trigger: 'schedule',
          event: { scheduled_at: at?.toISOString() ?? '' },
          because,
          requester: { kind: 'machine', id: 'schedule', via: 'schedule' },
          key: `schedule/${runbook}/${at?.toISOString()}`,
          at: at ?? deps.now(),
          now: deps.now(),
        });
        if (made.kind === 'void') return { ...made, ...tell };
        const { request } = made;
        const title = askedTitle(request).slice(0, 200);
        return { kind: 'asks', request: relay('request', request, deps.relayKey), title, ...tell };
      }),
  };
}

type Wanted = Omit<ScheduleUpdateOptions, 'state'> & { readonly note: string };

function scheduleOf(
  { timings }: Pick<TriggerDeps, 'timings'>,
  runbook: string,
  rule: ScheduleTrigger,
  policy: Pick<Policy, 'timezone'>,
): Wanted {
  const jitter = rule.jitter === undefined ? {} : { jitter: parseDuration(rule.jitter)! };
  const schedule = {
    spec:
      rule.cron === undefined
        ? { intervals: [{ every: parseDuration(rule.every!)! }], ...jitter }
        : { cronExpressions: [rule.cron], timezone: rule.timezone ?? policy.timezone, ...jitter },
    policies: { overlap: overlaps[rule.overlap ?? 'skip'], catchupWindow: catchupMs },
    action: {
      type: 'startWorkflow' as const,
      workflowType: WORKFLOWS.trigger,
      workflowId: triggerId(runbook),
      taskQueue: WORKER_QUEUE,
      args: [{ runbook, timings } satisfies TriggerInput],
      staticSummary: `The schedule of ${runbook}`.slice(0, 200),
    },
  };
  const digest = digestOf(schedule as unknown as Json).slice(0, 12);
  return { ...schedule, note: `Kept by Signalbox for ${rule.owner} (${digest}); change it in runbooks/.` };
}

/** The sentence that says why Temporal would not have it; nothing when the schedule is what it should be. */
async function arm(client: TriggerDeps['client'], runbook: string, wanted: Wanted): Promise<string | undefined> {
  const { note, ...schedule } = wanted;
  const scheduleId = triggerId(runbook);
  const handle = client.schedule.getHandle(scheduleId);
  try {
    const present = await noteOf(handle);
    if (present === note) return undefined;
    if (present !== undefined)
      // Whoever paused it in Temporal's own UI had a reason.
      await handle.update(({ state }) => ({ ...schedule, state: { ...state, note } }));
    else await client.schedule.create({ ...schedule, scheduleId, state: { note } });
    return undefined;
  } catch (error) {
    // Another worker was faster with the same.
    if (error instanceof ScheduleAlreadyRunning) return undefined;
    if (!isRefused(error)) throw error;
    return `The schedule of the runbook ${runbook} could not be set up, because Temporal refuses it (${messageOf(error)}); whoever owns the policy repository has to mend on: schedule.`;
  }
}

async function noteOf(handle: ReturnType<Client['schedule']['getHandle']>): Promise<string | undefined> {
  try {
    return (await handle.describe()).state.note ?? '';
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}

/** Lists lag by a moment, so what was armed before is remembered, too. */
async function armedBefore(client: TriggerDeps['client'], formerly: readonly string[]): Promise<ReadonlySet<string>> {
  const found = new Set(formerly.filter((id) => id.startsWith(TRIGGERS)));
  for await (const { scheduleId } of client.schedule.list()) if (scheduleId.startsWith(TRIGGERS)) found.add(scheduleId);
  return found;
}

async function disarm(client: TriggerDeps['client'], scheduleId: string): Promise<void> {
  try {
    await client.schedule.getHandle(scheduleId).delete();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
  }
}

const invalidArgument = 3;

function isRefused(error: unknown): boolean {
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: { readonly code?: unknown } };
  return error instanceof Refusal || code === invalidArgument || cause?.code === invalidArgument;
}

function messageOf(error: unknown): string {
  const { cause, message } = error as Error & { readonly cause?: Error };
  return (cause?.message ?? message).slice(0, 200);
}
