import { CancellationScope, defineSignal, setHandler, workflowInfo } from '@temporalio/workflow';
import type { SliceRecord, TargetRef } from '../src/operation/runner-ports';
import { bodies } from './activities';
import { MORE_TARGETS, RUN_ACT, SLICE_PROGRESS } from './contract';
import { carryOutControl } from './run/carry-out';
import { Controls } from './run/controls';
import { HandedOut } from './run/handed-out';
import type { FailedTarget, Frame, RunAct, SliceInput, SliceProgress, SliceResult, WrittenLog } from './run/state';
import { severalAtOnce } from './run/several-at-once';
import { Teller } from './run/teller';
import { undoAll } from './run/undo';
import { hearSlices, partsOf, type Walk } from './run/walk';
import { Walker } from './run/walker';

type Target = SliceRecord['targets'][number];
type Work = Extract<SliceInput['work'], { kind: 'do' }>;

/**
 * Some targets of a `foreach`, so many at once, or their undo. A target that fails is put back at once; what it did
 * is kept under a hash, so that the whole list can be undone later.
 */
export async function runSlice(input: SliceInput): Promise<SliceResult> {
  return CancellationScope.nonCancellable(() => new Slice(input).run());
}

class Slice {
  private readonly walk: Walk;
  private readonly done: Target[] = [];
  private readonly failed: FailedTarget[] = [];
  private readonly kept = new Set<string>();
  private log: SliceResult['log'];

  constructor(private readonly input: SliceInput) {
    const controls = new Controls({ pauses: { ...input.pauses } });
    setHandler(defineSignal<[RunAct]>(RUN_ACT), (act) => controls.act(act));
    void CancellationScope.current().cancelRequested.catch(() => controls.act({ kind: 'abort', by: 'operator' }));
    const parts = partsOf(input.run.plan.steps);
    const onLog = (log: WrittenLog) => {
      if (this.log?.how !== 'failed') this.log = log;
    };
    const shared = { input: input.run, controls, onLog, parts };
    this.walk = { ...shared, lists: {}, tries: {}, slices: new Map(), undoing: new Map() };
    hearSlices(this.walk);
  }

  async run(): Promise<SliceResult> {
    const { work } = this.input;
    return work.kind === 'do' ? this.doAll(work) : this.undo(work.slice);
  }

  private async doAll(work: Work): Promise<SliceResult> {
    const { indexes, as, list, round, atOnce, most } = work;
    const skipped: number[] = [];
    const isOver = (): boolean => this.isOver(work);
    const handed = new HandedOut({ indexes, atOnce, most, ask: () => teller?.changed('urgent') });
    setHandler(defineSignal<[readonly number[]]>(MORE_TARGETS), (more) => handed.more(more));
    const teller = this.tellerFor(work, handed);
    const lane = async (): Promise<void> => {
      for (let index; (index = await handed.next(isOver)) !== undefined;) {
        if (isOver()) {
          skipped.push(index);
          this.done.push({ index, state: 'skipped', undo: [], outputs: {} });
          continue;
        }
        const ended = await this.doOne({ as, list, index, ...(round > 0 ? { round } : {}) });
        teller?.changed(ended === 'failed' ? 'urgent' : undefined);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, lane));
    await teller?.drain();
    const result = await this.result({ as, list, atOnce }, skipped);
    return most === undefined ? result : { ...result, got: handed.count };
  }

  /** No target is begun any more. */
  private isOver({ mayFail }: Work): boolean {
    const { controls } = this.walk;
    return controls.isStopped || controls.halted || this.failed.length > mayFail;
  }

  /** A slice that is over soon tells everything by its result. */
  private tellerFor({ restMs }: Work, handed: HandedOut): Teller | undefined {
    const { parent, workflowId: slice } = workflowInfo();
    if (!parent) return undefined;
    const take = (): SliceProgress => {
      const { asksAfter } = handed;
      const asks = asksAfter === undefined ? {} : { asksAfter };
      return { slice, ok: this.okCount, failed: this.failed.length, ...asks };
    };
    return new Teller({ workflowId: parent.workflowId, signal: SLICE_PROGRESS, restMs, take });
  }

  private get okCount(): number {
    return this.done.filter(({ state }) => state === 'ok').length;
  }

  private async doOne(target: TargetRef): Promise<'ok' | 'failed'> {
    const { path } = this.input;
    const { index, round } = target;
    const place = { index, ...(round !== undefined && { round }) };
    const frame = this.frameOf(target);
    const failure = await new Walker(this.walk, frame, carryOutControl).list(this.walk.parts.get(path) ?? []);
    for (const name of frame.kept) this.kept.add(name);
    if (!failure) {
      this.done.push({ ...place, state: 'ok', ...this.leftIn(frame) });
      return 'ok';
    }
    // What was stopped is undone with the whole list, and in its order.
    const trouble = this.walk.controls.isStopped ? [] : await undoAll(this.walk, frame);
    const reason = `${failure.step}: ${failure.reason}`;
    const left = trouble.length > 0 ? { left: true as const } : {};
    // People have to look first.
    if (trouble.length > 0) this.walk.controls.halted = true;
    const why = trouble.length > 0 ? `${reason} And it could not be put back: ${trouble.join(' ')}` : reason;
    this.failed.push({ index, key: '', reason: why, ...left });
    this.done.push({ ...place, state: 'failed', reason: why, ...this.leftIn(frame) });
    return 'failed';
  }

  /** In reverse; what cannot be undone stays in the record. */
  private async undo(slice: string): Promise<SliceResult> {
    const { targets, as, list, atOnce } = await bodies(this.input.run.timings).recallSlice({ digest: slice });
    await severalAtOnce([...targets].reverse(), atOnce, async (target) => {
      if (target.undo.length === 0) return;
      const { index, round } = target;
      const frame = this.frameOf({ as, list, index, ...(round !== undefined && { round }) }, target);
      const trouble = await undoAll(this.walk, frame);
      if (trouble.length === 0) return;
      this.failed.unshift({ index, key: '', reason: trouble.join(' '), left: true });
      this.done.unshift({ ...target, ...this.leftIn(frame) });
    });
    return this.result({ as, list, atOnce }, []);
  }

  private async result(
    of: Pick<SliceRecord, 'as' | 'list' | 'atOnce'>,
    skipped: readonly number[],
  ): Promise<SliceResult> {
    const ok = this.okCount;
    const kept = [...this.kept];
    if (this.done.length === 0) return { ok, failed: [], skipped, kept };
    const slice: SliceRecord = { ...of, targets: this.done };
    const { digest, keys } = await bodies(this.input.run.timings).keepSlice({ slice });
    const names = new Map(this.done.map(({ index }, at) => [index, keys[at]!]));
    const failed = this.failed.map((target) => ({ ...target, key: names.get(target.index) ?? target.key }));
    const hasUndo = this.done.some(({ undo }) => undo.length > 0);
    return { ok, failed, skipped, kept, ...(hasUndo ? { undo: digest } : {}), ...(this.log ? { log: this.log } : {}) };
  }

  private frameOf(target: TargetRef, before: Partial<Pick<Target, 'undo' | 'outputs'>> = {}): Frame {
    const { outer } = this.input;
    return {
      outputs: { ...outer.outputs, ...before.outputs },
      done: [],
      told: {},
      kept: [],
      undo: [...(before.undo ?? [])],
      targets: [...outer.targets, target],
    };
  }

  /** What an undo needs of a target: nothing where there is nothing to undo. */
  private leftIn({ undo, outputs }: Frame): Pick<Target, 'undo' | 'outputs'> {
    if (undo.length === 0) return { undo: [], outputs: {} };
    const { outputs: outer } = this.input.outer;
    const own = Object.entries(outputs).filter(([path]) => !Object.hasOwn(outer, path));
    return { undo, outputs: Object.fromEntries(own) };
  }
}
