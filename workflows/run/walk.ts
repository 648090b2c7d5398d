import { defineSignal, setHandler } from '@temporalio/workflow';
import type { JsonObject } from '../../src/json';
import type { MissedCriterion, StepOutline, StepResult } from '../../src/operation/plan';
import { SLICE_PROGRESS } from '../contract';
import type { Controls } from './controls';
import type { Reporter } from './reporter';
import type { Frame, ListState, RunInput, SliceProgress, WrittenLog } from './state';

export interface Failure {
  readonly step: string;
  readonly reason: string;
  readonly missed?: MissedCriterion;
  readonly abortedBy?: string;
  /** Last lines of what its programs wrote. */
  readonly lines?: readonly string[];
  /** They wrote a log. */
  readonly hasLog?: true;
}

/** What came of a step: its outputs come from a runner where it has to tell some. */
export type Carried =
  | {
      readonly kind: 'done';
      readonly status?: StepResult['status'];
      readonly wasThere?: true;
      /** Names that the expressions of its outputs see. */
      readonly told: JsonObject;
      readonly outputs?: JsonObject;
      readonly summary?: string;
      readonly detail?: readonly string[];
      readonly log?: StepResult['log'];
    }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** What all steps of a run share. */
export interface Walk {
  readonly input: Omit<RunInput, 'carried'>;
  readonly controls: Controls;
  /** Absent for the targets of a list, which the card only counts. */
  readonly reporter?: Reporter;
  /** Hears of each step that wrote a log. */
  readonly onLog?: (log: WrittenLog) => void;
  readonly parts: Parts;
  /** Lists that are not done. */
  readonly lists: { [path: string]: ListState };
  /** Who hears how far slices under way are, by their workflow id. */
  readonly slices: Map<string, (progress: SliceProgress) => void>;
  /** How often operations of its own were begun, by the key of their step. */
  readonly tries: { [key: string]: number };
  /** How far undos of several steps are, by their key: what is done of one is not done again when it is tried again. */
  readonly undoing: Map<string, Frame>;
}

/** The steps of a plan by the path of the group that they are a part of; those of no group under the empty path. */
export type Parts = ReadonlyMap<string, readonly StepOutline[]>;

export function partsOf(steps: readonly StepOutline[]): Parts {
  const parts = new Map<string, StepOutline[]>();
  for (const step of steps) parts.set(step.inside ?? '', [...(parts.get(step.inside ?? '') ?? []), step]);
  return parts;
}

/** Hears what the slices that are handed out here tell. */
export function hearSlices({ slices }: Pick<Walk, 'slices'>): void {
  setHandler(defineSignal<[SliceProgress]>(SLICE_PROGRESS), (progress) => slices.get(progress.slice)?.(progress));
}

/** The input of a run as far as the parts of one group need it: slices of a list are many, and carry only their own. */
export function partOf(input: Walk['input'], path: string): Walk['input'] {
  const steps = input.plan.steps.filter((step) => step.path.startsWith(`${path}/`));
  return { ...input, plan: { ...input.plan, steps, irreversible: [] } };
}
