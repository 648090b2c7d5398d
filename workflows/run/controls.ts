import { condition, type CancellationScope } from '@temporalio/workflow';
import type { JsonObject } from '../../src/json';
import type { StepOutline } from '../../src/operation/plan';
import type { PauseAt, RunAct, RunState } from './state';

type Stop = Extract<RunAct, { kind: 'abort' | 'taken_over' }>;
type Hands = Extract<RunAct, { kind: 'retry_undo' | 'done_by_hand' | 'leave_it' }>;
type Answer = { readonly question?: string };
type Choice = 'retry' | 'skip';

/** A step under way that can be called off. */
interface Current {
  readonly step: StepOutline;
  readonly scope: CancellationScope;
  /** Why it was called off, when it was not the whole run. */
  because?: 'held' | 'skipped' | 'watch_cut';
}

/** What people, freezes and lanes have told a run, and what of it holds now. */
export class Controls {
  stop: Stop | undefined;
  watchCut: RunState['watchCut'];
  readonly pauses: { [by: string]: PauseAt };
  /** The list whose slice this is begins nothing more. */
  halted = false;
  /** Once it undoes, there is nothing left to abort. */
  undoing = false;
  /** Whether what runs is the work itself, which a freeze may roll back. */
  isWorking: () => boolean = () => true;
  private readonly currents = new Set<Current>();
  /** Signals that came before anybody waited for them. */
  private readonly signals: { [name: string]: JsonObject };
  private readonly waiters = new Set<{ readonly name: string; payload?: JsonObject }>();
  private hands: Hands | undefined;
  private choice: Choice | undefined;
  private questions: number;
  /** The question that waits for its answer. */
  private open: string | undefined;
  private readonly listeners = new Set<(act: RunAct) => void>();

  constructor(carried: Partial<Pick<RunState, 'pauses' | 'watchCut' | 'signals' | 'questions'>> | undefined) {
    this.pauses = { ...carried?.pauses };
    this.watchCut = carried?.watchCut;
    this.signals = { ...carried?.signals };
    this.questions = carried?.questions ?? 0;
  }

  act(act: RunAct): void {
    for (const listener of this.listeners) listener(act);
    switch (act.kind) {
      case 'taken_over':
        this.stop = act;
        return this.callOff(() => true);
      case 'abort':
        if (this.undoing) return;
        this.stop ??= act;
        return this.callOff(() => true);
      case 'roll_back':
        return this.isWorking() ? this.act({ kind: 'abort', by: act.by, reason: act.reason }) : undefined;
      case 'pause':
        this.pauses[act.by] = act.at;
        return act.at === 'now' ? this.callOff(({ step }) => isIdle(step), 'held') : undefined;
      case 'resume':
        delete this.pauses[act.by];
        return;
      case 'finish_watch':
        this.watchCut = act.because;
        return this.callOff(({ step }) => step.phase === 'watch', 'watch_cut');
      case 'retry_step':
        if (this.isAsked(act)) this.choice = 'retry';
        return;
      case 'skip_step':
        if (this.isAsked(act)) this.choice = 'skip';
        return this.callOff(({ step }) => step.skippable === true && isMeant(step, act), 'skipped');
      case 'halt':
        this.halted = true;
        return;
      case 'signal':
        return this.hear(act.name, { by: act.by, ...act.payload });
      default:
        if (this.isAsked(act)) this.hands = act;
    }
  }

  /** Passes everything on, as long as the function it returns is not called. */
  forward(listener: (act: RunAct) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Counts a step as under way, so that it can be called off; the function it returns tells why it was, and ends that. */
  under(step: StepOutline, scope: CancellationScope): () => Current['because'] {
    const current: Current = { step, scope };
    this.currents.add(current);
    return () => {
      this.currents.delete(current);
      return current.because;
    };
  }

  get isStopped(): boolean {
    return this.stop !== undefined;
  }

  get isTakenOver(): boolean {
    return this.stop?.kind === 'taken_over';
  }

  /** Pauses that hold in the middle of a stage. */
  get inside(): { readonly [by: string]: PauseAt } {
    return Object.fromEntries(Object.entries(this.pauses).filter(([, at]) => at !== 'stage'));
  }

  get isHeldInside(): boolean {
    return Object.keys(this.inside).length > 0;
  }

  isHeldBefore(step: StepOutline, before: StepOutline | undefined): boolean {
    const holds = Object.values(this.pauses);
    if (holds.includes('now')) return true;
    if (step.phase !== 'work') return false;
    return holds.includes('step') || (holds.includes('stage') && step.stage !== before?.stage);
  }

  /** The answer to an undo that failed; undefined when a rollback took over meanwhile. */
  async handed(ask: (question: string) => void): Promise<Hands | undefined> {
    this.hands = undefined;
    ask(this.asks());
    await condition(() => this.hands !== undefined || this.isTakenOver);
    this.open = undefined;
    return this.isTakenOver ? undefined : this.hands;
  }

  /**
   * The answer to a step that failed and asks; undefined when the run was stopped meanwhile. One question at a time, so
   * that each answer is about the one that was `asked`.
   */
  async chosen(ask: (question: string) => void): Promise<Choice | undefined> {
    // Several may wait for their turn, and wake together.
    do await condition(() => this.open === undefined || this.isStopped);
    while (this.open !== undefined && !this.isStopped);
    if (this.isStopped) return undefined;
    this.choice = undefined;
    ask(this.asks());
    await condition(() => this.choice !== undefined || this.isStopped);
    this.open = undefined;
    return this.isStopped ? undefined : this.choice;
  }

  /**
   * What came with a signal, once it has come; undefined when it did not come in time. All who wait for it at that
   * moment hear it: targets of a list wait at the same time. After that it counts no more.
   */
  async signalled(name: string, forMs: number | undefined): Promise<JsonObject | undefined> {
    const early = this.signals[name];
    delete this.signals[name];
    if (early !== undefined) return early;
    const waiter: { readonly name: string; payload?: JsonObject } = { name };
    this.waiters.add(waiter);
    try {
      const came = (): boolean => waiter.payload !== undefined;
      if (forMs === undefined) await condition(came);
      else await condition(came, forMs);
      return waiter.payload;
    } finally {
      this.waiters.delete(waiter);
    }
  }

  /** For continue-as-new. */
  get carried(): Pick<RunState, 'pauses' | 'watchCut' | 'signals' | 'questions'> {
    const { pauses, watchCut, signals, questions } = this;
    return { pauses, watchCut, signals, ...(questions > 0 && { questions }) };
  }

  /** Every question has a name of its own, so that no answer counts for another one. */
  private asks(): string {
    this.questions += 1;
    this.open = `question-${this.questions}`;
    return this.open;
  }

  private isAsked({ question }: Answer): boolean {
    return question === undefined || question === this.open;
  }

  private hear(name: string, payload: JsonObject): void {
    const waiting = [...this.waiters].filter((waiter) => waiter.name === name && waiter.payload === undefined);
    for (const waiter of waiting) waiter.payload = payload;
    if (waiting.length === 0) this.signals[name] ??= payload;
  }

  private callOff(wanted: (current: Current) => boolean, because?: Current['because']): void {
    for (const current of this.currents) {
      if (!wanted(current)) continue;
      current.because ??= because;
      current.scope.cancel();
    }
  }
}

/** Whoever names no step means every one that may be passed over. */
function isMeant({ path }: StepOutline, { question }: Answer): boolean {
  return question === undefined || question === path;
}

/** A step that only looks or waits: stopping it leaves nothing behind, and it can be done anew. */
export function isIdle(step: StepOutline): boolean {
  if (step.control === 'wait') return true;
  return step.control === 'step' && step.pollForMs !== undefined && !step.hasUndo && step.repeat === 'safe';
}
