import type { StepOutline } from '../../src/operation/plan';
import { RUN_PROGRESS } from '../contract';
import type { RunProgress } from './state';
import { Teller } from './teller';

/** Tells the operation how the run goes. Its card changes once a second at most, so nothing is lost by telling no more. */
export class Reporter {
  private phase: RunProgress['phase'] = 'work';
  private steps: { [path: string]: RunProgress['steps'][string] } = {};
  private details: RunProgress['details'][number][] = [];
  private failure: RunProgress['failure'];
  private readonly teller: Teller;

  constructor(operationId: string) {
    const take = (): RunProgress => this.take();
    this.teller = new Teller({ workflowId: operationId, signal: RUN_PROGRESS, restMs: 1_000, take });
  }

  /** People may have to act on it, so it waits for nothing. */
  enter(phase: RunProgress['phase'], failure?: RunProgress['failure']): void {
    const isNews = phase !== this.phase || failure !== undefined;
    this.phase = phase;
    // What people decided about is over.
    this.failure = failure ?? (phase === 'work' ? undefined : this.failure);
    this.teller.changed(isNews ? 'urgent' : undefined);
  }

  step({ path, name }: StepOutline, step: RunProgress['steps'][string], lines?: readonly string[]): void {
    this.steps[path] = { ...this.steps[path], ...step };
    if (lines && lines.length > 0) this.details.push({ step: name, summary: step.summary ?? '', lines });
    this.teller.changed();
  }

  /** Resolves when the operation has everything. Never throws. */
  drain(): Promise<void> {
    return this.teller.drain();
  }

  private take(): RunProgress {
    const { phase, steps, details, failure } = this;
    [this.steps, this.details] = [{}, []];
    return { phase, steps, details, failure };
  }
}
