import { CancellationScope, condition, getExternalWorkflowHandle } from '@temporalio/workflow';
import type { StepOutline } from '../../src/operation/plan';
import { RUN_PROGRESS } from '../contract';
import type { RunProgress } from './state';

/** The card changes once a second at most, so whoever reads it loses nothing by what is put together here. */
const restMs = 1_000;

/**
 * Tells the operation how the run goes: at once what comes alone, and what comes soon after it together, so that quick
 * steps cost no signal each. What people have to act on waits for nothing.
 */
export class Reporter {
  private phase: RunProgress['phase'] = 'work';
  private steps: { [path: string]: RunProgress['steps'][string] } = {};
  private details: RunProgress['details'][number][] = [];
  private failure: RunProgress['failure'];
  private dirty = false;
  private sending = false;
  private isUrgent = false;
  private sentMs = 0;

  constructor(private readonly operationId: string) {}

  enter(phase: RunProgress['phase'], failure?: RunProgress['failure']): void {
    this.isUrgent ||= phase !== this.phase || failure !== undefined;
    this.phase = phase;
    // What people decided about is over.
    this.failure = failure ?? (phase === 'work' ? undefined : this.failure);
    this.changed();
  }

  step({ path, name }: StepOutline, step: RunProgress['steps'][string], lines?: readonly string[]): void {
    this.steps[path] = { ...this.steps[path], ...step };
    if (lines && lines.length > 0) this.details.push({ step: name, summary: step.summary ?? '', lines });
    this.changed();
  }

  /** Resolves when the operation has everything. Never throws. */
  async drain(): Promise<void> {
    this.isUrgent = this.dirty;
    await condition(() => !this.dirty && !this.sending);
  }

  private changed(): void {
    this.dirty = true;
    if (!this.sending) void CancellationScope.nonCancellable(() => this.send());
  }

  private async send(): Promise<void> {
    this.sending = true;
    while (this.dirty) {
      await endOfActivation();
      const early = this.sentMs + restMs - Date.now();
      if (early > 0) await condition(() => this.isUrgent, early);
      await this.signal();
    }
    this.sending = false;
  }

  private async signal(): Promise<void> {
    const { phase, steps, details, failure } = this;
    const progress: RunProgress = { phase, steps, details, failure };
    [this.steps, this.details, this.dirty, this.isUrgent] = [{}, [], false, false];
    this.sentMs = Date.now();
    try {
      await getExternalWorkflowHandle(this.operationId).signal(RUN_PROGRESS, progress);
    } catch {
      // The operation is gone (terminated): nobody is left to show anything to, and the run still has to undo.
    }
  }
}

/** Resolves once everything that the present activation sets off has been done. */
async function endOfActivation(): Promise<void> {
  let isAsked = false;
  // The SDK looks at conditions that wait when nothing else is left to do.
  const end = condition(() => isAsked);
  isAsked = true;
  await end;
}
