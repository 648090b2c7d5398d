import { canonical, sha256 } from '../canonical';
import type { Connection } from '../connections/schema';
import type { JsonObject } from '../json';
import type { Repository } from '../policy/read-repository';
import { meets, parseCriterion, type MetricDefinition, type MetricUnit } from '../rollouts/criteria';
import { formatDuration, parseDuration } from '../runbooks/duration';
import type { MetricTrigger } from '../runbooks/trigger-schema';
import type { Held, Look, WatchMemory, WatchNews } from './watch-news';

/** What a runner looks at for a runbook with `on: metric`; it lies in the blob store, under its digest. */
export interface MetricWatch extends JsonObject {
  readonly format: 1;
  readonly runbook: string;
  /** For people: the name of the metric, or its query. */
  readonly what: string;
  readonly connection: Connection & JsonObject;
  readonly query: string;
  readonly unit: MetricUnit;
  readonly is: string;
  /** The value that an empty answer stands for. */
  readonly absent: number | null;
  readonly forMs: number;
  readonly everyMs: number;
  /** How long after it has fired the same series does not fire again. */
  readonly restMs: number;
}

export const freshMemory: WatchMemory = { held: [], lookedMs: 0, unseen: 0, isBlind: false };

export const usualEveryMs = 30_000;
const usualCooldownMs = 300_000;
/** One look that fails is weather. */
const looksUntilBlind = 3;
export const mostSeries = 200;

/** What is to be watched for a runbook under this policy; undefined where it has no such trigger or names what is not there. */
export function metricWatchOf(
  repository: Pick<Repository, 'runbooks' | 'connections' | 'policy'>,
  runbook: string,
): MetricWatch | undefined {
  const rule = repository.runbooks.get(runbook)?.document.on?.metric;
  const asked = rule && askedBy(rule, repository.policy.metrics);
  const connection = asked && repository.connections.get(asked.connection)?.document;
  if (!connection || !('origin' in connection)) return undefined;
  const everyMs = parseDuration(rule.every ?? '') ?? usualEveryMs;
  const forMs = parseDuration(rule.for)!;
  return {
    format: 1,
    runbook,
    what: `${rule.metric ?? asked.query} ${rule.is} for ${formatDuration(forMs)}`,
    connection: JSON.parse(JSON.stringify(connection)) as Connection & JsonObject,
    query: asked.query,
    unit: asked.unit,
    is: rule.is,
    absent: asked.absent ?? null,
    forMs,
    everyMs,
    // One look more, so that it does not come a moment before the cooldown has passed.
    restMs: Math.max(forMs, cooldownMsOf(rule)) + everyMs,
  };
}

export function cooldownMsOf({ cooldown }: Pick<MetricTrigger, 'cooldown'>): number {
  return cooldown === undefined ? usualCooldownMs : parseDuration(cooldown)!;
}

/** The question of a trigger; undefined where it is none, or names a metric that is not there. */
export function askedBy(
  { metric, connection, query, unit = 'count' }: MetricTrigger,
  metrics: Repository['policy']['metrics'],
): MetricDefinition | undefined {
  if (metric !== undefined) return metrics.get(metric);
  return connection === undefined || query === undefined ? undefined : { connection, query, unit };
}

/**
 * What a look changes. A series fires once it has been on the wrong side at every look for the whole time; a look that
 * does not see it, or that comes too late to know what was in between, begins the time anew. What cannot be seen never
 * fires, and is told once, as is that it can be seen again.
 */
export function afterLook(
  watch: Pick<MetricWatch, 'is' | 'unit' | 'absent' | 'forMs' | 'everyMs' | 'restMs'>,
  before: WatchMemory,
  { look: told, nowMs }: { readonly look: Look; readonly nowMs: number },
): { readonly memory: WatchMemory; readonly news: readonly WatchNews[] } {
  const look = withAbsent(watch, told);
  const samples = look.kind === 'seen' && look.samples.length <= mostSeries ? look.samples : [];
  const why = whyUnseen(look);
  const isOnTime = nowMs >= before.lookedMs && nowMs - before.lookedMs <= longestGapMs(watch);
  const known = new Map(isOnTime ? before.held.map((each) => [each.series, each]) : []);
  const held: Held[] = [];
  const news: WatchNews[] = [];
  for (const { labels, value } of samples) {
    if (!isBeyond(watch, value)) continue;
    const series = sha256(canonical(labels)).slice(0, 16);
    const { sinceMs, firedMs } = known.get(series) ?? { sinceMs: nowMs, firedMs: 0 };
    const fires = nowMs - sinceMs >= watch.forMs && (firedMs === 0 || nowMs - firedMs >= watch.restMs);
    held.push({ series, sinceMs, firedMs: fires ? nowMs : firedMs });
    if (fires) news.push({ kind: 'fires', breach: { labels, value, since: instant(sinceMs), at: instant(nowMs) } });
  }
  const unseen = why === undefined ? 0 : Math.min(before.unseen + 1, looksUntilBlind);
  const isBlind = why !== undefined && (before.isBlind || unseen >= looksUntilBlind);
  if (isBlind && !before.isBlind) news.push({ kind: 'blind', why: why! });
  if (!isBlind && before.isBlind) news.push({ kind: 'sees' });
  return { memory: { held, lookedMs: nowMs, unseen, isBlind }, news };
}

/** Longer than that, and nobody knows what the value was meanwhile. */
function longestGapMs({ everyMs }: Pick<MetricWatch, 'everyMs'>): number {
  return Math.max(3 * everyMs, everyMs + 30_000);
}

function isBeyond({ is, unit }: Pick<MetricWatch, 'is' | 'unit'>, value: number): boolean {
  const parsed = parseCriterion(is, unit);
  return parsed.ok && meets(parsed.criterion, value);
}

function withAbsent({ absent }: Pick<MetricWatch, 'absent'>, look: Look): Look {
  if (absent === null || look.kind === 'unseen' || look.samples.length > 0) return look;
  return { kind: 'seen', samples: [{ labels: {}, value: absent }] };
}

function whyUnseen(look: Look): string | undefined {
  if (look.kind === 'unseen') return look.why;
  const { length } = look.samples;
  if (length === 0) return 'The query gives no data.';
  if (length > mostSeries) return `The query gives ${length} series, and at most ${mostSeries} can be watched.`;
  const odd = look.samples.filter(({ value }) => !Number.isFinite(value)).length;
  if (odd === 0) return undefined;
  return length === 1 ? 'The query gives no number.' : `${odd} of the ${length} series of the query are no number.`;
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
