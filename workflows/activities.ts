import { ActivityCancellationType, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { SlackActivities, WorkerActivities } from '../src/operation/ports';
import type { RunnerActivities } from '../src/operation/runner-ports';
import type { StepOutline } from '../src/operation/plan';
import { runnerQueue, SLACK_QUEUE, WORKER_QUEUE, type OperationTimings, type WatchOrder } from './contract';
import { isTimeout } from './say';

type ReadingActivities = Pick<
  WorkerActivities,
  | 'isRelayedIncident'
  | 'admit'
  | 'judge'
  | 'askGates'
  | 'recheck'
  | 'askFreezes'
  | 'appliedState'
  | 'judgeApproval'
  | 'judgeHold'
  | 'windowOpening'
  | 'childRequest'
  | 'scheduledRequest'
  | 'alertedRunbooks'
  | 'hookedRunbook'
  | 'metricFired'
  | 'describeResource'
  | 'describeServers'
  | 'judgeLease'
  | 'leaseEnd'
>;
type RecordingActivities = Pick<WorkerActivities, 'record'>;
type LaneActivities = Pick<
  WorkerActivities,
  | 'enterLane'
  | 'leaveLane'
  | 'tellLane'
  | 'stirOperations'
  | 'isOpen'
  | 'endingOf'
  | 'recentOperations'
  | 'tellIncidents'
  | 'cardOf'
>;

/** Policy, facts and plans. They may wait for Git as long as `judgeMs`. */
export const reading = (timings: OperationTimings): ReadingActivities =>
  proxyActivities<ReadingActivities>({
    taskQueue: WORKER_QUEUE,
    startToCloseTimeout: '60 seconds',
    scheduleToCloseTimeout: timings.judgeMs,
    heartbeatTimeout: timings.heartbeatMs,
    retry: { initialInterval: '250 milliseconds', maximumInterval: '10 seconds' },
  });

/**
 * A decision on the spot, in the worker that asks for it: no queue, no trip to the server. Tried once and not for long;
 * whatever goes wrong is for the activity that has patience.
 */
export const onTheSpot = (timings: OperationTimings): Pick<WorkerActivities, 'decide' | 'checkKnownVoter'> =>
  proxyLocalActivities<Pick<WorkerActivities, 'decide' | 'checkKnownVoter'>>({
    scheduleToCloseTimeout: timings.decideMs,
    retry: { maximumAttempts: 1 },
  });

/** The blob store, in the worker that asks: slices are many, and a trip to the server for each would cost more than it. */
export const bodies = (timings: OperationTimings): Pick<WorkerActivities, 'keepSlice' | 'recallSlice'> =>
  proxyLocalActivities<Pick<WorkerActivities, 'keepSlice' | 'recallSlice'>>({
    startToCloseTimeout: '30 seconds',
    scheduleToCloseTimeout: timings.recordMs,
    retry: { initialInterval: '250 milliseconds', maximumInterval: '15 seconds' },
  });

/** The ledger. Repeats are harmless, so it is tried as long as `recordMs`. */
export const recording = (timings: OperationTimings): RecordingActivities =>
  proxyActivities<RecordingActivities>({
    taskQueue: WORKER_QUEUE,
    startToCloseTimeout: '60 seconds',
    scheduleToCloseTimeout: timings.recordMs,
    heartbeatTimeout: timings.heartbeatMs,
    retry: { initialInterval: '250 milliseconds', maximumInterval: '15 seconds' },
  });

/** Temporal itself, by way of an activity: lanes, incidents, liveness. */
export const lanes = (): LaneActivities =>
  proxyActivities<LaneActivities>({
    taskQueue: WORKER_QUEUE,
    startToCloseTimeout: '10 seconds',
    scheduleToCloseTimeout: '1 hour',
    retry: { initialInterval: '250 milliseconds', maximumInterval: '10 seconds' },
  });

/** Messages. `ms` bounds one delivery with all its retries, so that a dead slot never holds an operation. */
export const messaging = (
  timings: OperationTimings,
  ms = timings.deliveryMs,
): Pick<SlackActivities, 'deliver' | 'notify' | 'openRoom' | 'invite' | 'pin'> =>
  proxyActivities<Pick<SlackActivities, 'deliver' | 'notify' | 'openRoom' | 'invite' | 'pin'>>({
    taskQueue: SLACK_QUEUE,
    startToCloseTimeout: Math.min(ms, 60_000),
    scheduleToCloseTimeout: ms,
    heartbeatTimeout: timings.heartbeatMs,
    retry: { initialInterval: '500 milliseconds', maximumInterval: '15 seconds' },
  });

type CheckingActivities = Pick<SlackActivities, 'checkVote' | 'checkAct' | 'whoIs'>;

/**
 * Who is this? Short, and what Slack does not confirm means no. A bot that died while it asked, or is being restarted,
 * is no answer: what was acknowledged is asked again for as long as `judgeMs`.
 */
export async function checking<Answer>(
  timings: OperationTimings,
  ask: (activities: CheckingActivities) => Promise<Answer>,
): Promise<Answer> {
  const until = Date.now() + timings.judgeMs;
  const activities = proxyActivities<CheckingActivities>({
    taskQueue: SLACK_QUEUE,
    scheduleToCloseTimeout: timings.voterCheckMs,
    heartbeatTimeout: timings.heartbeatMs,
    retry: { maximumAttempts: 2, initialInterval: '200 milliseconds' },
  });
  while (true) {
    try {
      return await ask(activities);
    } catch (error) {
      if (!isTimeout(error) || Date.now() >= until) throw error;
    }
  }
}

/** The same question before the first side effect: nobody waits for an answer on a phone, so it may take longer. */
export const rechecking = (timings: OperationTimings): Pick<SlackActivities, 'recheckVoters'> =>
  proxyActivities<Pick<SlackActivities, 'recheckVoters'>>({
    taskQueue: SLACK_QUEUE,
    startToCloseTimeout: '60 seconds',
    scheduleToCloseTimeout: timings.judgeMs,
    heartbeatTimeout: timings.heartbeatMs,
    retry: { initialInterval: '500 milliseconds', maximumInterval: '10 seconds' },
  });

/**
 * Looks at a metric on its runner pool, an attempt for each look. Fails when no runner begins a look in time: then
 * nobody sees anything.
 */
export const looking = (
  { pool, everyMs }: Pick<WatchOrder, 'pool' | 'everyMs'>,
  { livenessMs }: OperationTimings,
): Pick<RunnerActivities, 'watchMetric'> =>
  proxyActivities<Pick<RunnerActivities, 'watchMetric'>>({
    taskQueue: runnerQueue(pool),
    startToCloseTimeout: '30 seconds',
    scheduleToStartTimeout: Math.max(livenessMs, 3 * everyMs),
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry: { initialInterval: everyMs, backoffCoefficient: 1, maximumInterval: everyMs },
  });

/** Looks at a repository, an attempt for each look: the first one of a large repository takes long. */
export const lookingAtCode = ({ heartbeatMs }: OperationTimings): Pick<WorkerActivities, 'watchPushes'> =>
  proxyActivities<Pick<WorkerActivities, 'watchPushes'>>({
    taskQueue: WORKER_QUEUE,
    startToCloseTimeout: '15 minutes',
    heartbeatTimeout: heartbeatMs,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
  });

/** How many attempts a crash of a runner may cost on top of the step's own. */
const crashAllowance = 10;

/**
 * One step on its runner pool. The step itself counts its own attempts and fails for good when they are used up
 * (`runStep`); the allowance here is for runners that died. `never` is tried once, whatever happens (law 11).
 */
export const stepOn = (outline: StepOutline, timings: OperationTimings): RunnerActivities => {
  const once = outline.repeat === 'never';
  return proxyActivities<RunnerActivities>({
    taskQueue: runnerQueue(outline.pool),
    startToCloseTimeout: outline.timeoutMs,
    ...(outline.pollForMs === undefined ? {} : { scheduleToCloseTimeout: outline.pollForMs + outline.timeoutMs }),
    heartbeatTimeout: timings.heartbeatMs,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: {
      initialInterval: outline.retry.firstMs,
      backoffCoefficient: outline.retry.backoff,
      maximumInterval: '1 minute',
      ...(once
        ? { maximumAttempts: 1 }
        : outline.pollForMs === undefined
          ? { maximumAttempts: outline.retry.attempts + crashAllowance }
          : {}),
    },
  });
};
