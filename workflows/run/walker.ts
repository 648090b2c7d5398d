import { CancellationScope, condition, ContinueAsNew, isCancellation } from '@temporalio/workflow';
import type { JsonObject } from '../../src/json';
import { inputsKey, type MissedCriterion, type StepOutline, type StepResult } from '../../src/operation/plan';
import { stepOn } from '../activities';
import { FREEZE, loggedAs } from '../contract';
import { applicationFailureIn, instant, outputIn, reasonOf } from '../say';
import type { Frame } from './state';
import type { Carried, Failure, Walk } from './walk';

interface Manner {
  /** Called between steps, with nothing under way that a new run could lose. */
  readonly atRest?: () => Promise<void>;
  /** Why a step beside these has failed, so that nothing more is begun. */
  readonly halted?: () => Failure | undefined;
  /** What undoes and cleans up is not stopped by what stopped the work. */
  readonly isDeaf?: true;
}

/** How steps are carried out that no runner has a part in; handed in, because they begin walkers themselves. */
export type CarryOutControl = (walker: Walker, step: StepOutline, told: JsonObject) => Promise<Carried>;

/** Carries out lists of steps, one after another, for the whole plan or for one target of a list. */
export class Walker {
  constructor(
    readonly walk: Walk,
    readonly frame: Frame,
    private readonly carryOutControl: CarryOutControl,
    readonly manner: Manner = {},
  ) {}

  /** Undefined when all are done, or what failed first. Steps that were done before are passed by. */
  async list(steps: readonly StepOutline[], group?: StepOutline): Promise<Failure | undefined> {
    for (const [index, step] of steps.entries()) {
      if (this.frame.done.includes(step.path)) continue;
      const failure = await this.pass(step, steps[index - 1] ?? group);
      if (failure) return failure;
      this.finish(step);
      await this.manner.atRest?.();
    }
    return undefined;
  }

  /** The steps that a group is made of. */
  partsIn(step: StepOutline): readonly StepOutline[] {
    return this.walk.parts.get(step.path) ?? [];
  }

  /** One step, once nothing holds it; as often as it takes when it is held in the middle or people say so. */
  async pass(step: StepOutline, before?: StepOutline): Promise<Failure | undefined> {
    while (true) {
      const ends = await this.mayBegin(step, before);
      if (ends !== 'go') return ends === 'passed' ? undefined : ends;
      const ended = await this.once(step);
      if (ended === 'held') continue;
      if (ended === undefined) return undefined;
      if (this.isStopped) return this.stopped(step);
      if (step.onFailure === 'continue') return undefined;
      // Nobody sees a question of a target or of an undo.
      if (step.onFailure !== 'ask' || !this.walk.reporter || this.manner.isDeaf) return ended;
      const choice = await this.ask(ended);
      if (choice === undefined) return this.stopped(step);
      if (choice === 'retry') continue;
      this.walk.reporter?.step(step, { state: 'skipped', summary: 'passed over', endedAt: instant() });
      return undefined;
    }
  }

  private async mayBegin(step: StepOutline, before?: StepOutline): Promise<Failure | 'go' | 'passed'> {
    const { controls, reporter } = this.walk;
    if (this.manner.isDeaf) return 'go';
    await this.standStill(step, before);
    const halted = this.manner.halted?.();
    if (halted) return halted;
    if (controls.isStopped) return this.stopped(step);
    if (step.phase !== 'watch') return 'go';
    if (controls.watchCut) return 'passed';
    reporter?.enter('watch');
    return 'go';
  }

  /** Waits as long as somebody holds the run before this step, and nothing ends the waiting. */
  private async standStill(step: StepOutline, before: StepOutline | undefined): Promise<void> {
    const { controls, reporter } = this.walk;
    const stands = (): boolean =>
      controls.isHeldBefore(step, before) && !controls.isStopped && !(step.phase === 'watch' && controls.watchCut);
    if (!stands()) return;
    reporter?.enter('held');
    await condition(() => !stands());
    if (!controls.isStopped) reporter?.enter('work');
  }

  private async once(step: StepOutline): Promise<Failure | 'held' | undefined> {
    const { reporter } = this.walk;
    // The step that timed out half-way is the one that left something behind, so its undo is there before it starts.
    const pushed = step.hasUndo && step.control === 'step' && !this.frame.undo.some(({ path }) => path === step.path);
    if (pushed) this.frame.undo.push({ path: step.path });
    reporter?.step(step, { state: 'running', startedAt: instant() });
    try {
      const carried = await this.carryOut(step);
      if (carried.kind === 'failed') return this.failed(step, carried.failure);
      this.frame.outputs[step.path] = carried.outputs ?? {};
      if (pushed && this.didNothing(carried))
        this.frame.undo = this.frame.undo.filter(({ path }) => path !== step.path);
      const state = carried.status === 'skipped' ? 'skipped' : 'done';
      if (carried.log) this.walk.onLog?.({ step: loggedAs(step.path, this.frame.targets), how: 'done' });
      const wrote = { lines: carried.detail, hasLog: carried.log && (true as const) };
      reporter?.step(step, { state, summary: carried.summary, endedAt: instant() }, wrote);
      return undefined;
    } catch (error) {
      if (error instanceof ContinueAsNew) throw error;
      if (error instanceof CalledOff) return this.calledOff(step, error);
      const reason = reasonOf(error);
      const { detail: lines, log } = outputIn(error);
      if (log) this.walk.onLog?.({ step: loggedAs(step.path, this.frame.targets), how: 'failed' });
      const wrote = { ...(lines && { lines }), ...(log && { hasLog: true as const }) };
      return this.failed(step, { step: step.name, reason, missed: missedIn(error), ...wrote });
    }
  }

  /** What a resource is made of belongs to it, also what an operation before this one had begun. */
  private didNothing({ status, wasThere }: Extract<Carried, { kind: 'done' }>): boolean {
    return status === 'skipped' || (wasThere === true && !this.walk.input.plan.makes);
  }

  private async carryOut(step: StepOutline): Promise<Carried> {
    if (step.control === 'step') {
      if (step.leaves && !this.frame.kept.includes(step.name)) this.frame.kept.push(step.name);
      const result = await this.under(step, () => this.call(step, 'do'));
      if (result.status === 'skipped') this.frame.kept = this.frame.kept.filter((name) => name !== step.name);
      return { kind: 'done', told: {}, ...result };
    }
    const told = step.given ?? this.frame.told[step.path] ?? (await this.begin(step));
    if (told === 'skipped') return { kind: 'done', told: {}, status: 'skipped', summary: 'not needed here' };
    const carried = await this.carryOutControl(this, step, told);
    if (carried.kind === 'failed' || !step.ends) return carried;
    const { outputs, summary } = await this.call(step, 'end', carried.told);
    return { ...carried, outputs, summary: summary || carried.summary };
  }

  private async begin(step: StepOutline): Promise<JsonObject | 'skipped'> {
    if (!step.begins) return {};
    const { status, given = {} } = await this.under(step, () => this.call(step, 'begin'));
    if (status === 'skipped') return 'skipped';
    this.frame.told[step.path] = given;
    if (step.control === 'sequence') this.frame.outputs[inputsKey(step.path)] = given;
    return given;
  }

  /** Does something that can be called off while it is under way. Throws `CalledOff` when it was. */
  async under<Result>(step: StepOutline, work: () => Promise<Result>): Promise<Result> {
    const scope = new CancellationScope({ cancellable: true });
    const over = this.manner.isDeaf ? () => undefined : this.walk.controls.under(step, scope);
    let because: ReturnType<typeof over>;
    try {
      return await scope.run(work);
    } catch (error) {
      because = over();
      throw isCancellation(error) ? new CalledOff(because) : error;
    } finally {
      because ??= over();
    }
  }

  /** One activity on the step's runner pool. */
  call(step: StepOutline, mode: 'do' | 'undo' | 'begin' | 'end', told?: JsonObject): Promise<StepResult> {
    const { input } = this.walk;
    const { targets } = this.frame;
    return stepOn(step, input.timings).runStep({
      planDigest: input.plan.digest,
      path: step.path,
      mode,
      outputs: this.frame.outputs,
      key: this.keyOf(step),
      late: input.late,
      ...(input.fence === undefined ? {} : { fence: input.fence }),
      ...(told === undefined ? {} : { told }),
      ...(targets.length === 0 ? {} : { targets }),
    });
  }

  /** The same for every attempt of a step, for one target of a list another than for the next. */
  keyOf(step: StepOutline): string {
    return `${this.walk.input.operationId}/${step.path}${targetsIn(this.frame)}`;
  }

  /** A walker for steps that are done at the same time as others: `halted` tells why nothing more is begun. */
  beside(halted: () => Failure | undefined): Walker {
    const outer = this.manner.halted;
    return new Walker(this.walk, this.frame, this.carryOutControl, {
      ...(this.manner.isDeaf ? { isDeaf: true } : {}),
      halted: () => halted() ?? outer?.(),
    });
  }

  private finish(step: StepOutline): void {
    const inner = new Set(this.partsIn(step).map(({ path }) => path));
    this.frame.done = [...this.frame.done.filter((path) => !inner.has(path)), step.path];
    delete this.frame.told[step.path];
    delete this.walk.lists[this.keyOf(step)];
  }

  /** Whether nothing more is to be begun; what undoes and cleans up goes on. */
  get isStopped(): boolean {
    return !this.manner.isDeaf && this.walk.controls.isStopped;
  }

  private failed(step: StepOutline, failure: Failure): Failure {
    const { lines, hasLog, ...told } = failure;
    this.walk.reporter?.step(step, { state: 'failed', summary: failure.reason, endedAt: instant() }, { lines, hasLog });
    // Its lines are told once, not by each group around it.
    return told;
  }

  private calledOff(step: StepOutline, { because }: CalledOff): Failure | 'held' | undefined {
    const { reporter } = this.walk;
    if (this.isStopped) {
      reporter?.step(step, { state: 'failed', summary: 'stopped', endedAt: instant() });
      return this.stopped(step);
    }
    if (because === 'watch_cut' || because === 'skipped') {
      const summary = because === 'skipped' ? 'passed over' : 'ended early';
      reporter?.step(step, { state: 'skipped', summary, endedAt: instant() });
      return undefined;
    }
    reporter?.step(step, { state: 'waiting', summary: 'begins anew when it goes on' });
    return 'held';
  }

  private async ask(failure: Failure): Promise<'retry' | 'skip' | undefined> {
    const { controls, reporter } = this.walk;
    const choice = await controls.chosen((question) => reporter?.enter('asks', { ...failure, question }));
    if (choice !== undefined) reporter?.answered();
    return choice;
  }

  stopped(step: StepOutline): Failure {
    const stop = this.walk.controls.stop!;
    if (stop.kind === 'taken_over') return { step: step.name, reason: 'A rollback took over.' };
    if (stop.by === FREEZE) return { step: step.name, reason: stop.reason ?? 'A freeze began.', abortedBy: stop.by };
    const why = stop.reason ? `: ${stop.reason}` : '';
    const how = stop.undo === 'no' ? 'stopped' : 'aborted';
    return { step: step.name, reason: `It was ${how}${why}.`, abortedBy: stop.by };
  }
}

/** The targets it is done for, as a part of keys and ids. */
export function targetsIn({ targets }: Pick<Frame, 'targets'>): string {
  return targets.map(({ index, round = 0 }) => `[${index}${round > 0 ? `.${round}` : ''}]`).join('');
}

/** Something under way was called off, by people or by a freeze. */
export class CalledOff extends Error {
  override readonly name = 'CalledOff';

  constructor(readonly because: 'held' | 'skipped' | 'watch_cut' | undefined) {
    super('called off');
  }
}

function missedIn(error: unknown): MissedCriterion | undefined {
  const failure = applicationFailureIn(error);
  return failure?.type === 'CriterionMissed' ? (failure.details?.[0] as MissedCriterion | undefined) : undefined;
}
