import { condition, ParentClosePolicy, sleep, startChild, workflowInfo } from '@temporalio/workflow';
import type { JsonObject } from '../../src/json';
import type { StepOutline } from '../../src/operation/plan';
import { MORE_TARGETS, RUN_ACT, WORKFLOWS } from '../contract';
import type { runSlice } from '../run-slice';
import { reasonOf } from '../say';
import { Line } from './line';
import type { FailedTarget, ListState, RunAct, SliceResult } from './state';
import { partOf, type Carried } from './walk';
import type { Walker } from './walker';

/** What a runner filled in for a `foreach`. */
interface ListTold {
  readonly list: string;
  readonly as: string;
  readonly count: number;
  readonly concurrency: number;
  readonly waves: readonly number[];
  readonly pauseMs: number;
  readonly maxFailures: number;
}

/** Failed targets that are named one by one; the others are counted. */
const mostNamed = 50;
/** A slice's history stays short: so many targets at most, fewer where each has many steps. */
const mostTargets = 1_000;
const mostSteps = 1_000;
/** What it keeps for the undo has to fit into one message to a worker. */
const mostToUndo = 250;
/** Each step is handed all outputs so far, and each may tell some; Temporal ends a history that is larger than 50 MiB. */
const mostBytes = 16 * 1024 * 1024;
const toldBytes = 8 * 1024;
/** Targets that a slice does at once: enough that slices are few, and several share what a long list has to do. */
const mostAtOnce = 25;

/**
 * Does the parts of a `foreach` for every target of its list. Targets are handed out to slices, each a workflow of its
 * own that does several at once and asks for more before it has none; the fewer targets are left, the fewer it gets at
 * a time, so that at the end none waits for a long one.
 */
export function runList(walker: Walker, step: StepOutline, told: JsonObject): Promise<Carried> {
  return new ListRun(walker, step, told as unknown as ListTold).run();
}

/** A slice under way, and how far it is. */
interface Slice {
  readonly workflowId: string;
  readonly indexes: number[];
  readonly atOnce: number;
  /** It may ask for more until it has had so many; absent where it has all there are. */
  readonly most: number | undefined;
  readonly line: Line;
  ok: number;
  failed: number;
  asks: boolean;
  /** Once it is there to hear it. */
  more: (indexes: readonly number[]) => void;
}

class ListRun {
  private readonly state: ListState;
  private readonly most: number;
  private readonly underWay = new Set<Slice>();
  private trouble: string | undefined;
  private isHaltTold = false;

  constructor(
    private readonly walker: Walker,
    private readonly step: StepOutline,
    private readonly told: ListTold,
  ) {
    const { lists } = walker.walk;
    this.state = lists[walker.keyOf(step)] ??= beginning(told);
    const inside = walker.partsIn(step);
    const parts = Math.max(1, inside.length);
    const handedBytes = JSON.stringify(walker.frame.outputs).length + toldBytes;
    const steps = Math.min(mostSteps, Math.floor(mostBytes / handedBytes));
    const most = inside.some(({ hasUndo, control }) => hasUndo || control !== 'step') ? mostToUndo : mostTargets;
    this.most = Math.max(1, Math.min(most, Math.floor(steps / parts)));
    // Somebody said that it is to be tried again: what failed and what was never begun.
    if (this.state.ended) this.again();
  }

  async run(): Promise<Carried> {
    while (true) {
      await this.wave();
      if (this.isHalted || this.walker.isStopped || isOver(this.state)) break;
      this.state.wave += 1;
      this.state.waveLeft = this.waveSize();
      if (this.told.pauseMs > 0) await this.walker.under(this.step, () => sleep(this.told.pauseMs));
    }
    return this.result();
  }

  /** What failed comes first and in the wave in which it failed; the waves after it come as they would have. */
  private again(): void {
    const { state } = this;
    state.todo = [...state.failed.map(({ index }): [number, number] => [index, index + 1]), ...state.skipped];
    state.failed = [];
    state.skipped = [];
    state.round += 1;
    delete state.ended;
  }

  /** Targets of the present wave; whatever comes after the last one is one wave more. */
  private waveSize(): number {
    return this.told.waves[this.state.wave] ?? this.told.count;
  }

  /** Begins slices and hands them more, as long as targets of this wave are left and may be begun; until all are over. */
  private async wave(): Promise<void> {
    const { walker, state } = this;
    while (this.underWay.size > 0 || !this.isAtEnd) {
      const asking = [...this.underWay].find(({ asks }) => asks);
      if (asking && this.isAtEnd) this.hand(asking, []);
      else if (asking && this.mayHand) this.hand(asking, this.take(asking, asking.most! - asking.indexes.length));
      else if (this.mayBegin) void this.slice(this.begun());
      else await condition(() => this.mayGoOn);
    }
    if (this.isLong && state.todo.length > 0 && !this.isHalted && !walker.isStopped) await walker.manner.atRest!();
  }

  private get mayGoOn(): boolean {
    if (this.isAtEnd && this.underWay.size === 0) return true;
    const isAsked = [...this.underWay].some(({ asks }) => asks);
    return (isAsked && (this.isAtEnd || this.mayHand)) || this.mayBegin;
  }

  /** Nothing more is handed out in this wave. */
  private get isAtEnd(): boolean {
    const { state } = this;
    return state.waveLeft === 0 || state.todo.length === 0 || this.isHalted || this.walker.isStopped || this.isLong;
  }

  private get isLong(): boolean {
    return workflowInfo().continueAsNewSuggested && this.walker.manner.atRest !== undefined;
  }

  private get mayHand(): boolean {
    const { manner, walk } = this.walker;
    return manner.isDeaf || !walk.controls.isHeldInside;
  }

  private get mayBegin(): boolean {
    return !this.isAtEnd && this.mayHand && this.sum('atOnce') < this.told.concurrency;
  }

  private begun(): Slice {
    const { state, told } = this;
    const atOnce = Math.min(mostAtOnce, told.concurrency - this.sum('atOnce'), state.waveLeft, lengthOf(state.todo));
    const indexes = this.take({ atOnce }, this.most);
    state.slices += 1;
    return {
      workflowId: `${this.walker.keyOf(this.step)}/slice-${state.slices}`,
      indexes,
      atOnce,
      most: this.isAtEnd || indexes.length === this.most ? undefined : this.most,
      line: new Line(),
      ok: 0,
      failed: 0,
      asks: false,
      more: () => undefined,
    };
  }

  /** Targets for a slice: of what is left in this wave its part of one half, or all where one slice may do so many at once. */
  private take({ atOnce }: Pick<Slice, 'atOnce'>, most: number): number[] {
    const { state, told } = this;
    const left = Math.min(state.waveLeft, lengthOf(state.todo));
    const share = told.concurrency <= mostAtOnce ? left : Math.ceil((left * atOnce) / (2 * told.concurrency));
    const size = Math.min(most, left, Math.max(atOnce, share));
    const indexes: number[] = [];
    while (indexes.length < size) {
      const [from, to] = state.todo[0]!;
      const end = Math.min(to, from + size - indexes.length);
      for (let index = from; index < end; index += 1) indexes.push(index);
      if (end === to) state.todo.shift();
      else state.todo[0] = [end, to];
    }
    state.waveLeft -= size;
    return indexes;
  }

  /** No targets: there are no more. */
  private hand(slice: Slice, indexes: readonly number[]): void {
    slice.asks = false;
    slice.indexes.push(...indexes);
    slice.more(indexes);
  }

  private async slice(slice: Slice): Promise<void> {
    const { walker, step } = this;
    const { slices, reporter } = walker.walk;
    this.underWay.add(slice);
    slices.set(slice.workflowId, ({ ok, failed, asksAfter }) => {
      [slice.ok, slice.failed, slice.asks] = [ok, failed, asksAfter === slice.indexes.length];
      if (this.isHalted) this.halt();
      reporter?.step(step, { state: 'running', summary: this.words() });
    });
    try {
      const result = await this.child(slice);
      this.underWay.delete(slice);
      this.count(slice, result);
    } catch (error) {
      this.underWay.delete(slice);
      // Nobody knows what it did, so nothing more is begun, and people have to look before anything is undone.
      this.trouble ??= reasonOf(error);
      const failed = slice.indexes.map((index) => unknown(index, reasonOf(error)));
      this.count(slice, { ok: 0, skipped: [], kept: [], failed });
      walker.frame.undo.push({ path: step.path, lost: reasonOf(error) });
    } finally {
      slices.delete(slice.workflowId);
    }
    if (this.isHalted) this.halt();
    reporter?.step(step, { state: 'running', summary: this.words() });
  }

  private sum(what: 'atOnce' | 'ok' | 'failed'): number {
    return [...this.underWay].reduce((sum, slice) => sum + slice[what], 0);
  }

  /** Once is enough: no slice is begun any more. */
  private halt(): void {
    if (this.isHaltTold) return;
    this.isHaltTold = true;
    for (const { line } of this.underWay) line.say({ kind: 'halt' });
  }

  private async child(slice: Slice): Promise<SliceResult> {
    const { workflowId, indexes, atOnce, most, line } = slice;
    const { walker, step, told } = this;
    const { outputs, targets } = walker.frame;
    const { controls, input } = walker.walk;
    const { isDeaf } = walker.manner;
    // A slice is in the middle of its stage.
    const heeds = (act: RunAct): boolean => !isDeaf && (act.kind !== 'pause' || act.at !== 'stage');
    const quiet = controls.forward((act) => (heeds(act) ? line.say(act) : undefined));
    const mayFail = Math.max(0, told.maxFailures - this.state.failed.length);
    // The slices together tell once a second.
    const restMs = 1_000 * Math.ceil(told.concurrency / atOnce);
    const { as, list } = told;
    const { round } = this.state;
    try {
      const child = await startChild<typeof runSlice>(WORKFLOWS.runSlice, {
        workflowId,
        args: [
          {
            run: partOf(input, step.path),
            path: step.path,
            work: { kind: 'do', as, list, indexes: [...indexes], round, atOnce, most, mayFail, restMs },
            outer: { outputs, targets },
            pauses: isDeaf ? {} : controls.inside,
          },
        ],
        parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        staticSummary: `${indexes.length} targets of ${step.path}`.slice(0, 200),
      });
      line.open((act) => void child.signal(RUN_ACT, act).catch(() => undefined));
      slice.more = (more) => void child.signal(MORE_TARGETS, more).catch(() => undefined);
      return await child.result();
    } finally {
      quiet();
    }
  }

  private count({ atOnce, indexes }: Slice, { got, ok, failed, skipped, undo, kept, log }: SliceResult): void {
    const { state, walker, step, told } = this;
    if (log) walker.walk.onLog?.(log);
    const { frame } = walker;
    frame.kept = [...new Set([...frame.kept, ...kept])];
    state.ok += ok;
    state.failed.push(...failed);
    const unheard = indexes.slice(got ?? indexes.length);
    for (const index of [...skipped, ...unheard]) state.skipped.push([index, index + 1]);
    if (undo !== undefined) frame.undo.push({ path: step.path, slice: undo, atOnce, mostAtOnce: told.concurrency });
  }

  /** More have failed than may, or one could not be put back. */
  private get isHalted(): boolean {
    const { failed } = this.state;
    const count = failed.length + this.sum('failed');
    return this.trouble !== undefined || count > this.told.maxFailures || failed.some(({ left }) => left);
  }

  private result(): Carried {
    const { state, step, walker } = this;
    const inWave = state.failed.length + lengthOf(state.skipped);
    state.skipped.push(...state.todo.splice(0));
    const skipped = lengthOf(state.skipped);
    const { ok, failed } = state;
    const names = failed.slice(0, mostNamed).map(({ key }) => key);
    if (this.isHalted || walker.isStopped) {
      state.ended = true;
      state.waveLeft += inWave;
      return { kind: 'failed', failure: { step: step.name, reason: this.why(skipped) } };
    }
    const detail = failed.slice(0, mostNamed).map(({ key, reason }) => `${key}: ${reason}`);
    const targets = { ok, failed: failed.length, skipped, failed_targets: names };
    return { kind: 'done', told: { targets }, summary: this.words(), ...(detail.length === 0 ? {} : { detail }) };
  }

  private why(skipped: number): string {
    const { failed } = this.state;
    const first = failed
      .slice(0, 3)
      .map(({ key, reason }) => `${key}: ${reason}`)
      .join(' ');
    const more = failed.length > 3 ? ` And ${failed.length - 3} more.` : '';
    const left = skipped > 0 ? ` ${skipped} ${skipped === 1 ? 'was' : 'were'} not begun.` : '';
    return `${failed.length} of ${this.told.count} targets failed. ${first}${more}${left}`;
  }

  private words(): string {
    const ok = this.state.ok + this.sum('ok');
    const failed = this.state.failed.length + this.sum('failed');
    return `${ok} of ${this.told.count} done${failed > 0 ? `, ${failed} failed` : ''}`;
  }
}

function beginning({ count, waves }: ListTold): ListState {
  return {
    todo: count === 0 ? [] : [[0, count]],
    wave: 0,
    waveLeft: waves[0] ?? 0,
    slices: 0,
    round: 0,
    ok: 0,
    failed: [],
    skipped: [],
  };
}

function lengthOf(stretches: readonly (readonly [number, number])[]): number {
  return stretches.reduce((sum, [from, to]) => sum + to - from, 0);
}

function isOver({ todo }: ListState): boolean {
  return todo.length === 0;
}

function unknown(index: number, reason: string): FailedTarget {
  return { index, key: `target ${index + 1}`, reason, left: true };
}
