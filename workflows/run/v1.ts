import {
  CancellationScope,
  condition,
  continueAsNew,
  defineSignal,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { RunResult } from '../../src/operation/outcome';
import type { MissedCriterion, StepOutline, StepResult } from '../../src/operation/plan';
import { stepOn } from '../activities';
import { FREEZE, RUN_ACT } from '../contract';
import { applicationFailureIn, instant, reasonOf } from '../say';
import { Reporter } from './reporter';
import type { PauseAt, RunAct, RunInput, RunState } from './state';

interface Failure {
  readonly step: string;
  readonly reason: string;
  readonly missed?: MissedCriterion;
  readonly abortedBy?: string;
}

/**
 * The interpreter of plans of format 1: steps in order, each with its undo pushed before it starts; on failure or abort
 * the undos in reverse. Frozen once released: a new order of commands is a `v2.ts` beside it.
 */
export class RunV1 {
  private readonly state: RunState;
  private readonly reporter: Reporter;
  private stop: Extract<RunAct, { kind: 'abort' | 'taken_over' }> | undefined;
  private watchCut: RunState['watchCut'];
  private readonly pauses: { [by: string]: PauseAt };
  private hands: Extract<RunAct, { by: string; reason: string }> | undefined;
  private current: CancellationScope | undefined;
  private undoing = false;
  private byHand: string | undefined;

  constructor(private readonly input: RunInput) {
    this.state = input.carried ?? { cursor: 0, outputs: {}, undo: [], undone: 0 };
    this.watchCut = this.state.watchCut;
    this.pauses = { ...this.state.pauses };
    this.reporter = new Reporter(input.operationId);
    setHandler(defineSignal<[RunAct]>(RUN_ACT), (act) => this.act(act));
    // Cancelling the run in Temporal's own UI is an abort: it undoes what was done.
    void CancellationScope.current().cancelRequested.catch(() => this.act({ kind: 'abort', by: 'operator' }));
  }

  /** Runs in a scope of its own, so that a cancelled workflow can still undo. */
  execute(): Promise<RunResult> {
    return CancellationScope.nonCancellable(async () => {
      const failure = await this.work();
      const result = failure === undefined ? this.done() : await this.fail(failure);
      await this.reporter.drain();
      return result;
    });
  }

  private act(act: RunAct): void {
    switch (act.kind) {
      case 'taken_over':
        this.stop = act;
        this.current?.cancel();
        return;
      case 'abort':
        if (this.undoing) return;
        this.stop ??= act;
        this.current?.cancel();
        return;
      case 'roll_back':
        if (this.outline(this.state.cursor)?.phase === 'work') this.act({ ...act, kind: 'abort' });
        return;
      case 'pause':
        this.pauses[act.by] = act.at;
        if (act.at === 'now' && isIdle(this.outline(this.state.cursor))) this.current?.cancel();
        return;
      case 'resume':
        delete this.pauses[act.by];
        return;
      case 'finish_watch':
        this.watchCut = act.because;
        if (this.outline(this.state.cursor)?.phase === 'watch') this.current?.cancel();
        return;
      default:
        this.hands = act;
    }
  }

  private outline(index: number): StepOutline | undefined {
    return this.input.plan.steps[index];
  }

  private async work(): Promise<Failure | undefined> {
    for (; this.state.cursor < this.input.plan.steps.length; this.state.cursor += 1) {
      const step = this.outline(this.state.cursor)!;
      const failure = await this.pass(step);
      if (failure) return failure;
      await this.continueIfLong();
    }
    // Until the operation has heard of everything it takes an abort for possible, so it must be.
    await this.reporter.drain();
    const last = this.outline(this.state.cursor - 1);
    return this.stop && last && this.stopped(last);
  }

  /** One step, once nothing holds it; as often as it takes when it is held in the middle. */
  private async pass(step: StepOutline): Promise<Failure | undefined> {
    while (true) {
      await this.standStill(step);
      if (this.stop) return this.stopped(step);
      if (step.phase === 'watch') {
        if (this.watchCut) return undefined;
        this.reporter.enter('watch');
      }
      const result = await this.runStep(step, this.state.cursor);
      if (result !== 'held') return result;
    }
  }

  /** Waits as long as somebody holds the run before this step, and nothing ends the waiting. */
  private async standStill(step: StepOutline): Promise<void> {
    const stands = (): boolean =>
      this.isHeldBefore(step) && !this.isStopped() && !(step.phase === 'watch' && this.watchCut);
    if (!stands()) return;
    this.reporter.enter('held');
    await condition(() => !stands());
    if (!this.isStopped()) this.reporter.enter('work');
  }

  private isHeldBefore(step: StepOutline): boolean {
    const holds = Object.values(this.pauses);
    if (holds.includes('now')) return true;
    if (step.phase === 'watch') return false;
    return (
      holds.includes('step') || (holds.includes('stage') && step.stage !== this.outline(this.state.cursor - 1)?.stage)
    );
  }

  private async runStep(step: StepOutline, index: number): Promise<Failure | 'held' | undefined> {
    // The step that timed out half-way is the one that left something behind, so its undo is there before it starts.
    if (step.hasUndo) this.state.undo.push(step.path);
    this.reporter.step(index, { state: 'running', startedAt: instant() });
    try {
      const result = await this.call(step, 'do');
      this.state.outputs[step.path] = result.outputs;
      const state = result.status === 'skipped' ? 'skipped' : 'done';
      this.reporter.step(index, { state, summary: result.summary, endedAt: instant() }, result.detail, step.name);
      return undefined;
    } catch (error) {
      if (isCancellation(error)) {
        if (this.watchCut && step.phase === 'watch' && !this.stop) {
          this.reporter.step(index, { state: 'skipped', summary: 'ended early', endedAt: instant() });
          return undefined;
        }
        if (!this.stop) {
          this.reporter.step(index, { state: 'waiting', summary: 'begins anew when it goes on' });
          return 'held';
        }
        this.reporter.step(index, { state: 'failed', summary: 'stopped', endedAt: instant() });
        return this.stopped(step);
      }
      const reason = reasonOf(error);
      this.reporter.step(index, { state: 'failed', summary: reason, endedAt: instant() });
      return step.onFailure === 'continue' ? undefined : { step: step.name, reason, missed: missedIn(error) };
    }
  }

  private async call(step: StepOutline, mode: 'do' | 'undo'): Promise<StepResult> {
    const { operationId, plan, fence, late, timings } = this.input;
    const scope = new CancellationScope({ cancellable: true });
    if (mode === 'do') this.current = scope;
    try {
      return await scope.run(() =>
        stepOn(step, timings).runStep({
          planDigest: plan.digest,
          path: step.path,
          mode,
          outputs: this.state.outputs,
          key: `${operationId}/${step.path}`,
          late,
          fence,
        }),
      );
    } finally {
      if (mode === 'do') this.current = undefined;
    }
  }

  private stopped(step: StepOutline): Failure {
    const stop = this.stop!;
    if (stop.kind === 'taken_over') return { step: step.name, reason: 'A rollback took over.' };
    if (stop.by === FREEZE) return { step: step.name, reason: stop.reason ?? 'A freeze began.', abortedBy: stop.by };
    const why = stop.reason ? `: ${stop.reason}` : '';
    return { step: step.name, reason: `It was aborted${why}.`, abortedBy: stop.by };
  }

  private done(): RunResult {
    return { kind: 'done', watch: this.watchCut ?? 'ended' };
  }

  private async fail(failure: Failure): Promise<RunResult> {
    if (this.stop?.kind === 'taken_over') return this.takenOver(failure);
    this.undoing = true;
    this.reporter.enter('undo', { step: failure.step, reason: failure.reason, missed: failure.missed });
    while (this.state.undo.length > 0) {
      const path = this.state.undo[this.state.undo.length - 1]!;
      const index = this.input.plan.steps.findIndex((step) => step.path === path);
      const trouble = await this.undoStep(this.outline(index)!, index);
      if (this.isTakenOver()) return this.takenOver(failure);
      if (trouble !== undefined) {
        const decision = await this.askForHands(this.outline(index)!, trouble);
        if (decision === undefined) return this.takenOver(failure);
        if (decision.kind === 'retry_undo') continue;
        if (decision.kind === 'leave_it') {
          const left =
            this.state.undo.length > 1 ? ` ${this.state.undo.length - 1} earlier steps were not undone either.` : '';
          const reason = `${failure.reason} ${decision.reason}.${left}`;
          return { kind: 'left', failedStep: failure.step, reason, because: 'left', by: decision.by };
        }
        // Done by hand is said of this one undo; the ones before it still have to be done.
        this.reporter.step(index, { state: 'undone', summary: `done by hand: ${decision.reason}`, endedAt: instant() });
        this.byHand = decision.by;
        this.reporter.enter('undo', failure);
      }
      this.state.undo.pop();
      this.state.undone += 1;
    }
    return {
      kind: 'undone',
      failedStep: failure.step,
      reason: failure.reason,
      missed: failure.missed,
      abortedBy: failure.abortedBy,
      undoneSteps: this.state.undone,
      byHand: this.byHand,
    };
  }

  /** Undefined when it worked, else what went wrong. */
  private async undoStep(step: StepOutline, index: number): Promise<string | undefined> {
    this.reporter.step(index, { state: 'undoing', startedAt: instant() });
    try {
      const result = await this.call(step, 'undo');
      this.reporter.step(
        index,
        { state: 'undone', summary: result.summary, endedAt: instant() },
        result.detail,
        step.name,
      );
      return undefined;
    } catch (error) {
      const reason = reasonOf(error);
      this.reporter.step(index, { state: 'undo_failed', summary: reason, endedAt: instant() });
      return reason;
    }
  }

  /** An undo failed: a person decides. Undefined when a rollback took over meanwhile. */
  private async askForHands(step: StepOutline, reason: string) {
    this.hands = undefined;
    this.reporter.enter('needs_hands', { step: step.name, reason });
    await condition(() => this.handed() !== undefined || this.isTakenOver());
    if (this.isTakenOver()) return undefined;
    const decision = this.handed();
    if (decision?.kind === 'retry_undo') this.reporter.enter('undo', { step: step.name, reason });
    return decision;
  }

  // Methods, because a signal changes these fields while TypeScript believes it knows them.
  private isStopped(): boolean {
    return this.stop !== undefined;
  }

  private isTakenOver(): boolean {
    return this.stop?.kind === 'taken_over';
  }

  private handed(): RunV1['hands'] {
    return this.hands;
  }

  private takenOver(failure: Failure): RunResult {
    return { kind: 'left', failedStep: failure.step, reason: failure.reason, because: 'taken_over', by: this.stop?.by };
  }

  /** Only between steps, so nothing is under way that a new run could lose. */
  private async continueIfLong(): Promise<void> {
    if (!workflowInfo().continueAsNewSuggested) return;
    await this.reporter.drain();
    // Asked after the drain, during which signals arrive too: whoever is to stop does so in this run.
    if (this.stop) return;
    const carried: RunState = {
      ...this.state,
      cursor: this.state.cursor + 1,
      watchCut: this.watchCut,
      pauses: this.pauses,
    };
    await continueAsNew<(input: RunInput) => Promise<RunResult>>({ ...this.input, carried });
  }
}

/** A step that only looks or waits: stopping it leaves nothing behind, and it can be done anew. */
function isIdle(step: StepOutline | undefined): boolean {
  return step !== undefined && step.pollForMs !== undefined && !step.hasUndo && step.repeat === 'safe';
}

function missedIn(error: unknown): MissedCriterion | undefined {
  const failure = applicationFailureIn(error);
  return failure?.type === 'CriterionMissed' ? (failure.details?.[0] as MissedCriterion | undefined) : undefined;
}
