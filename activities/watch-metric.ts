import { Context } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { RunnerActivities } from '../src/operation/runner-ports';
import { afterLook, freshMemory, type MetricWatch } from '../src/triggers/metric-watch';
import type { Look, WatchMemory } from '../src/triggers/watch-news';
import { authHeaders } from './adapters/auth-headers';
import { requestOver } from './adapters/http-connection';
import { StepError, StepFailed } from './steps/outcomes';
import { Redactor } from './steps/redact';
import type { SecretSources } from './steps/secrets';
import { readSeries } from './steps/series';

export interface WatchMetricDeps {
  /** Body of a watch from the blob store. Throws when it is not there. */
  readonly readWatch: (digest: string) => Promise<MetricWatch>;
  readonly now: () => number;
  readonly secrets: SecretSources;
}

/** A look ends before Temporal's patience does. */
const lookMs = 20_000;

/**
 * Looks at a metric once an attempt, and ends when there is something to tell. Until then it fails benignly with the
 * time of the next look, and hands on what it knows by its heartbeat: months of watching are a handful of events.
 */
export function createWatchMetric(deps: WatchMetricDeps): RunnerActivities['watchMetric'] {
  return async ({ watch: digest, memory: carried }) => {
    const context = Context.current();
    const began = deps.now();
    const watch = await deps.readWatch(digest).catch((error: Error) => {
      throw ApplicationFailure.nonRetryable(error.message, 'Refusal');
    });
    const before = (context.info.heartbeatDetails as WatchMemory | undefined) ?? carried ?? freshMemory;
    const look = await lookAt(deps, watch, context.cancellationSignal);
    const { memory, news } = afterLook(watch, before, { look, nowMs: deps.now() });
    if (news.length > 0) return { memory, news };
    context.heartbeat(memory);
    throw ApplicationFailure.create({
      type: 'NothingNew',
      message: 'Nothing has happened to the metric that anybody has to hear.',
      category: ApplicationFailureCategory.BENIGN,
      nextRetryDelay: Math.max(100, watch.everyMs - (deps.now() - began)),
    });
  };
}

async function lookAt(deps: WatchMetricDeps, watch: MetricWatch, signal: AbortSignal): Promise<Look> {
  const redactor = new Redactor();
  const { connection, query } = watch;
  try {
    const auth = await authHeaders(connection, deps.secrets, redactor);
    const samples = await readSeries(
      { request: (_name, ask) => requestOver({ connection, auth, limitMs: lookMs, signal }, ask) },
      { name: connection.name, connection, query },
    );
    return { kind: 'seen', samples: samples.map((sample) => redactor.json({ ...sample })) };
  } catch (error) {
    if (signal.aborted) throw error;
    const isKnown = error instanceof StepError || error instanceof StepFailed;
    // Thrown, it would be tried again for ever, and nobody would hear of it.
    return { kind: 'unseen', why: isKnown ? redactor.text(error.message) : 'The look broke in an unknown way.' };
  }
}
