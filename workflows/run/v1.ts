import { CancellationScope, continueAsNew, defineSignal, setHandler, workflowInfo } from '@temporalio/workflow';
import type { RunResult } from '../../src/operation/outcome';
import type { StepOutline } from '../../src/operation/plan';
import { RUN_ACT } from '../contract';
import { instant } from '../say';
import { carryOutControl } from './carry-out';
import { Controls } from './controls';
import { Reporter } from './reporter';
import type { Frame, RunAct, RunInput, RunState, WrittenLog } from './state';
import { newestIn, undoNewest } from './undo';
import { hearSlices, partsOf, type Failure, type Walk } from './walk';
import { Walker } from './walker';

/**
 * The interpreter of plans of format 1: steps in order, each with its undo pushed before it starts; on failure or abort
 * the undos in reverse. Frozen once released: a new order of commands is a `v2.ts` beside it.
 */
export class RunV1 {
  private readonly frame: Frame;
  private readonly reporter: Reporter;
  private readonly controls: Controls;
  private readonly walk: Walk;
  private undone: number;
  private byHand: string | undefined;

  constructor(private readonly input: RunInput) {
    const { carried, ...shared } = input;
    const { outputs = {}, done = [], told = {}, undo = [], kept = [] } = carried ?? {};
    const { undone = 0, lists = {}, tries = {} } = carried ?? {};
    this.frame = { outputs, done, told, undo, kept, targets: [] };
    this.undone = undone;
    this.reporter = new Reporter(input.operationId, carried?.log);
    this.controls = new Controls(carried);
    const parts = partsOf(input.plan.steps);
    const { controls, reporter } = this;
    const shown = { reporter, onLog: (log: WrittenLog) => reporter.wrote(log) };
    this.walk = { input: shared, controls, ...shown, parts, lists, tries, slices: new Map(), undoing: new Map() };
    hearSlices(this.walk);
    this.controls.isWorking = () => this.top('work').some(({ path }) => !this.frame.done.includes(path));
    setHandler(defineSignal<[RunAct]>(RUN_ACT), (act) => this.controls.act(act));
    // Cancelling the run in Temporal's own UI is an abort: it undoes what was done.
    void CancellationScope.current().cancelRequested.catch(() => this.controls.act({ kind: 'abort', by: 'operator' }));
  }

  /** Runs in a scope of its own, so that a cancelled workflow can still undo. */
  execute(): Promise<RunResult> {
    return CancellationScope.nonCancellable(async () => {
      const failure = await this.work();
      const result = failure === undefined ? this.done() : await this.fail(failure);
      if (!this.controls.isTakenOver) await this.cleanUp();
      await this.reporter.drain();
      return { ...result, ...this.begun() };
    });
  }

  /** The steps of a phase that are parts of no group. */
  private top(phase: StepOutline['phase']): readonly StepOutline[] {
    return (this.walk.parts.get('') ?? []).filter((step) => step.phase === phase);
  }

  private async work(): Promise<Failure | undefined> {
    const steps = [...this.top('work'), ...this.top('watch')];
    const walker = new Walker(this.walk, this.frame, carryOutControl, { atRest: () => this.continueIfLong() });
    const failure = await walker.list(steps);
    if (failure) return failure;
    // Until the operation has heard of everything it takes an abort for possible, so it must be.
    await this.reporter.drain();
    const last = steps.at(-1);
    return this.controls.isStopped && last ? walker.stopped(last) : undefined;
  }

  private begun(): Pick<RunResult, 'begun'> {
    if (!this.input.plan.makes) return {};
    const { undo, outputs } = this.frame;
    return { begun: { paths: [...new Set(undo.map(({ path }) => path))], outputs } };
  }

  private done(): RunResult {
    return { kind: 'done', watch: this.controls.watchCut ?? 'ended' };
  }

  private async fail(failure: Failure): Promise<RunResult> {
    const { controls, reporter, frame } = this;
    if (controls.isTakenOver) return this.takenOver(failure);
    if (controls.stop?.kind === 'abort' && controls.stop.undo === 'no') {
      const { by } = controls.stop;
      return { kind: 'left', failedStep: failure.step, reason: failure.reason, because: 'stopped', by };
    }
    controls.undoing = true;
    const { step, reason, missed } = failure;
    reporter.enter('undo', { step, reason, missed });
    while (frame.undo.length > 0) {
      const newest = newestIn(this.walk, frame);
      const undone = await undoNewest(this.walk, frame);
      if (undone !== 'done') frame.undo.push(...undone.left);
      if (controls.isTakenOver) return this.takenOver(failure);
      if (undone !== 'done') {
        const decided = await this.decide(newest, { failure, trouble: undone.reason, left: undone.left.length });
        if (decided === 'again') continue;
        if (decided !== 'by hand') return decided;
      }
      this.undone += 1;
    }
    return {
      kind: 'undone',
      failedStep: failure.step,
      reason: failure.reason,
      missed: failure.missed,
      abortedBy: failure.abortedBy,
      undoneSteps: this.undone,
      ...(frame.kept.length > 0 ? { kept: frame.kept } : {}),
      byHand: this.byHand,
    };
  }

  /** An undo failed: a person decides. */
  private async decide(
    step: StepOutline,
    undone: { readonly failure: Failure; readonly trouble: string; readonly left: number },
  ): Promise<'again' | 'by hand' | RunResult> {
    const { controls, reporter, frame } = this;
    const { failure, trouble, left } = undone;
    const about = { step: step.name, reason: trouble };
    const decision = await controls.handed((question) => reporter.enter('needs_hands', { ...about, question }));
    if (decision === undefined) return this.takenOver(failure);
    if (decision.kind === 'retry_undo') {
      reporter.enter('undo', about);
      return 'again';
    }
    if (decision.kind === 'leave_it') {
      const more = frame.undo.length > left ? ` ${frame.undo.length - left} earlier steps were not undone either.` : '';
      const reason = `${failure.reason} ${decision.reason}.${more}`;
      return { kind: 'left', failedStep: failure.step, reason, because: 'left', by: decision.by };
    }
    // Done by hand is said of this one undo; the ones before it still have to be done.
    frame.undo.splice(-left);
    reporter.step(step, { state: 'undone', summary: `done by hand: ${decision.reason}`, endedAt: instant() });
    this.byHand = decision.by;
    reporter.enter('undo', failure);
    return 'by hand';
  }

  private takenOver(failure: Failure): RunResult {
    const by = this.controls.stop?.by;
    return { kind: 'left', failedStep: failure.step, reason: failure.reason, because: 'taken_over', by };
  }

  /** What fails here is on the card and changes nothing about how it ended. */
  private async cleanUp(): Promise<void> {
    const walker = new Walker(this.walk, { ...this.frame, undo: [] }, carryOutControl, { isDeaf: true });
    for (const step of this.top('finally')) await walker.list([step]);
  }

  /** Only at rest, so nothing is under way that a new run could lose. */
  private async continueIfLong(): Promise<void> {
    if (!workflowInfo().continueAsNewSuggested) return;
    await this.reporter.drain();
    // Asked after the drain, during which signals arrive too: whoever is to stop does so in this run.
    if (this.controls.isStopped) return;
    const { undone, frame } = this;
    const { lists, tries } = this.walk;
    const carried: RunState = { ...frame, undone, lists, tries, ...this.controls.carried, ...this.reporter.carried };
    await continueAsNew<(input: RunInput) => Promise<RunResult>>({ ...this.input, carried });
  }
}
