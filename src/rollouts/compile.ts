import { didYouMean } from '../documents/nearest';
import type { Json } from '../json';
import { parseDuration } from '../runbooks/duration';
import { parseCriterion, type MetricDefinition } from './criteria';
import type { Rollout, RolloutStage } from './schema';

export type Metrics = { readonly [name: string]: MetricDefinition };

/** Criteria to hold a metric against, and for how long. */
export interface Judging {
  readonly criteria: { readonly [metric: string]: string };
  readonly forMs: number;
}

/** A stage with everything its handler and its judge need. Shares are whole percents. */
export interface CompiledStage {
  readonly name: string;
  /** Unique within the rollout and fit for a path: `canary`. */
  readonly slug: string;
  readonly share: number;
  /** What the stage before left; 0 for the first. */
  readonly previousShare: number;
  /** Absent when the stage is not watched. Without criteria it is a wait. */
  readonly judging?: Judging;
}

export interface CompiledRollout {
  readonly prerequisites: readonly { readonly name: string; readonly value: Json }[];
  readonly stages: readonly CompiledStage[];
  /** The longest monitoring period with the criteria of all stages, a later stage's instead of an earlier one's. */
  readonly watch: Judging;
}

/** Something in a rollout that cannot be meant, with the path of the key it is about (below `deployment`). */
export interface RolloutProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly hint?: string;
}

export type RolloutResult =
  | { readonly ok: true; readonly rollout: CompiledRollout }
  | { readonly ok: false; readonly problems: readonly RolloutProblem[] };

/** Reads what a rollout means. All problems are told at once. */
export function compileRollout(input: { readonly rollout: Rollout; readonly metrics: Metrics }): RolloutResult {
  const problems: RolloutProblem[] = [];
  const stages: CompiledStage[] = [];
  for (const [index, stage] of input.rollout.stages.entries()) {
    const told = new StageReader(stage, index, input.metrics, problems);
    const slug = slugOf(stage.name);
    if (slug === '') told.add('name', `"${stage.name}" has no letter or digit`);
    if (stages.some((other) => other.slug === slug)) told.add('name', `two stages are called "${stage.name}"`);
    const previousShare = stages.at(-1)?.share ?? 0;
    stages.push({ name: stage.name, slug, share: told.share(previousShare), previousShare, judging: told.judging() });
  }
  const prerequisites = readPrerequisites(input.rollout, problems);
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, rollout: { prerequisites, stages, watch: watchOf(input.rollout) } };
}

class StageReader {
  constructor(
    private readonly stage: RolloutStage,
    private readonly index: number,
    private readonly metrics: Metrics,
    private readonly problems: RolloutProblem[],
  ) {}

  add(key: string, message: string, hint?: string): void {
    this.problems.push({ path: ['stages', this.index, ...key.split('/')], message, ...(hint ? { hint } : {}) });
  }

  share(previous: number): number {
    const percent = /^(\d{1,3}) ?%$/.exec(this.stage.target)?.[1];
    const share = Number(percent);
    if (percent === undefined || share < 1 || share > 100) {
      this.add('target', `"${this.stage.target}" is not a share; write a whole percentage from 1% to 100%`);
      return previous;
    }
    if (share < previous)
      this.add('target', `${share}% is less than the ${previous}% of the stage before; shares only grow`);
    return share;
  }

  judging(): Judging | undefined {
    const { duration, monitoring_period: period, success_criteria: criteria = {} } = this.stage;
    for (const [metric, text] of Object.entries(criteria)) this.criterion(metric, text);
    this.duration('monitoring_period', period);
    const forMs = this.duration('duration', duration);
    if (forMs !== undefined) return { criteria, forMs };
    if (Object.keys(criteria).length > 0 && period === undefined && duration === undefined)
      this.add('success_criteria', 'criteria need a duration over which they are judged', 'add duration: 10m');
    return undefined;
  }

  private criterion(metric: string, text: string): void {
    const definition = Object.hasOwn(this.metrics, metric) ? this.metrics[metric] : undefined;
    if (!definition) {
      const known = Object.keys(this.metrics);
      const hint = didYouMean(metric, known) ?? `metrics of the policy: ${known.join(', ') || 'none'}`;
      this.add(`success_criteria/${metric}`, `the policy has no metric "${metric}"`, hint);
      return;
    }
    const parsed = parseCriterion(text, definition.unit);
    if (!parsed.ok) this.add(`success_criteria/${metric}`, parsed.message);
  }

  private duration(key: string, text: string | undefined): number | undefined {
    if (text === undefined) return undefined;
    const ms = parseDuration(text);
    if (!ms) this.add(key, `"${text}" is not a duration; write it as in 30s, 10m or 2h`);
    return ms || undefined;
  }
}

function readPrerequisites(rollout: Rollout, problems: RolloutProblem[]): CompiledRollout['prerequisites'] {
  return (rollout.prerequisites ?? []).flatMap((entry, index) => {
    const pairs = Object.entries(entry);
    if (pairs.length !== 1) {
      problems.push({
        path: ['prerequisites', index],
        message: `a prerequisite has one name and this one has ${pairs.length}`,
        hint: 'start a new entry for each',
      });
      return [];
    }
    return [{ name: pairs[0]![0], value: pairs[0]![1] as Json }];
  });
}

function watchOf(rollout: Rollout): Judging {
  const periods = rollout.stages.map((stage) => parseDuration(stage.monitoring_period ?? '0s') ?? 0);
  const criteria = Object.assign({}, ...rollout.stages.map((stage) => stage.success_criteria ?? {}));
  return { criteria, forMs: Math.max(...periods) };
}

/** `Full rollout (EU)` as `full-rollout-eu`. */
function slugOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}
