import { condition, getExternalWorkflowHandle, isCancellation } from '@temporalio/workflow';
import type { StepOutline } from '../../src/operation/plan';
import { RUN_PROGRESS } from '../contract';
import type { RunProgress } from './state';

/** Tells the operation how the run goes. One signal under way at a time; what happens meanwhile is put together. */
export class Reporter {
  private phase: RunProgress['phase'] = 'work';
  private steps: { [path: string]: RunProgress['steps'][string] } = {};
  private details: RunProgress['details'][number][] = [];
  private failure: RunProgress['failure'];
  private dirty = false;
  private sending = false;

  constructor(private readonly operationId: string) {}

  enter(phase: RunProgress['phase'], failure?: RunProgress['failure']): void {
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
    await condition(() => !this.dirty && !this.sending);
  }

  private changed(): void {
    this.dirty = true;
    if (!this.sending) void this.send();
  }

  private async send(): Promise<void> {
    this.sending = true;
    while (this.dirty) {
      // Lets everything of this activation be said in one signal.
      await Promise.resolve();
      const progress: RunProgress = {
        phase: this.phase,
        steps: this.steps,
        details: this.details,
        failure: this.failure,
      };
      [this.steps, this.details, this.dirty] = [{}, [], false];
      try {
        await getExternalWorkflowHandle(this.operationId).signal(RUN_PROGRESS, progress);
      } catch (error) {
        if (isCancellation(error)) break;
        // The operation is gone (terminated): nobody is left to show anything to, and the run still has to undo.
      }
    }
    this.sending = false;
  }
}
