import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { JsonObject } from '../../src/json';
import { inputsKey, type StepOutline, type StepResult } from '../../src/operation/plan';
import type { TargetRef } from '../../src/operation/runner-ports';
import { stepOn } from '../activities';
import { loggedAs } from '../contract';
import { outputIn, reasonOf } from '../say';
import { partsOf, type Parts } from '../run/walk';
import { foundOf, type Detail } from './found';
import { endIfOver, isOver } from './gates';
import type { Life } from './life';
import type { StepRow } from './rows';
import { stepDetail } from './run-plan';
import type { Allowed } from './state';

/** Each target asks each tool once more; what these would do tells what the rest would. */
const targetsTried = 20;
/** More than this nobody reads in a thread; the card says what came of every step. */
const threadMost = 40;

/** What came of a dry run. */
export interface DryRan {
  /** How many steps a tool has tried or looked at. */
  readonly tried: number;
  readonly failures: readonly { readonly step: string; readonly reason: string }[];
  /** How many targets of lists were not gone through. */
  readonly targetsLeft: number;
}

/** Goes through a plan as its run would and asks of each step, on its runners, what it would do. Nothing is changed. */
export async function dryRun(life: Life, { plan }: Pick<Allowed, 'plan'>): Promise<DryRan> {
  life.enter('preparing', 'Trying what each step would do; nothing is changed by it.');
  const scope = new CancellationScope({ cancellable: true });
  void condition(() => isOver(life)).then(() => scope.cancel());
  const going = new Going(life, plan.digest, partsOf(plan.steps));
  try {
    await scope.run(() => going.list(''));
  } catch (error) {
    if (isCancellation(error)) endIfOver(life);
    throw error;
  }
  return going.end();
}

class Going {
  private readonly outputs: { [path: string]: JsonObject } = {};
  private readonly details: Detail[] = [];
  private readonly failures: { step: string; reason: string }[] = [];
  private tried = 0;
  private targetsLeft = 0;

  constructor(
    private readonly life: Life,
    private readonly planDigest: string,
    private readonly parts: Parts,
  ) {}

  async list(inside: string, targets: readonly TargetRef[] = []): Promise<void> {
    for (const step of this.parts.get(inside) ?? []) if (step.phase !== 'undo') await this.step(step, targets);
  }

  end(): DryRan {
    const { life, tried, failures, targetsLeft } = this;
    life.facts.found = [...life.facts.found, ...foundOf(this.details, life.facts.found)];
    return { tried, failures, targetsLeft };
  }

  private async step(step: StepOutline, targets: readonly TargetRef[]): Promise<void> {
    this.row(step, { state: 'running' });
    try {
      const result = await this.ask(step, targets);
      this.took(step, targets, result);
      if (result.status === 'done') await this.inner(step, targets, result);
    } catch (error) {
      if (isCancellation(error)) throw error;
      this.failed(step, targets, error);
    }
  }

  private ask(step: StepOutline, targets: readonly TargetRef[]): Promise<StepResult> {
    const { life, planDigest, outputs } = this;
    const { pollForMs: _pollForMs, ...once } = step;
    const at = loggedAs(step.path, targets);
    return stepOn({ ...once, repeat: 'safe' }, life.input.timings).runStep({
      planDigest,
      path: step.path,
      mode: 'check',
      outputs,
      key: `${life.facts.request.id}/check/${at}`,
      late: { previous_version: life.facts.admission?.previousVersion },
      ...(targets.length === 0 ? {} : { targets }),
    });
  }

  private took(step: StepOutline, targets: readonly TargetRef[], result: StepResult): void {
    const { summary, detail: lines = [], log, status, would } = result;
    // What a step only says that it would do, it tells nobody.
    if (would === undefined && status !== 'skipped') this.outputs[step.path] = result.outputs;
    if (would !== 'told' && status !== 'skipped' && step.control === 'step') this.tried += 1;
    if (status !== 'skipped') this.tell(step, targets, { summary, lines, log, isFound: would === 'tried' });
    this.row(step, { state: status === 'skipped' ? 'skipped' : 'waiting', summary });
  }

  private async inner(step: StepOutline, targets: readonly TargetRef[], { given }: StepResult): Promise<void> {
    if (step.control === 'sequence' || step.control === 'parallel') {
      if (step.control === 'sequence' && given) this.outputs[inputsKey(step.path)] = given;
      return this.list(step.path, targets);
    }
    if (step.control !== 'foreach' || !given) return;
    const { list, as, count } = given as { readonly list: string; readonly as: string; readonly count: number };
    for (let index = 0; index < Math.min(count, targetsTried); index += 1)
      await this.list(step.path, [...targets, { list, as, index }]);
    this.targetsLeft += Math.max(0, count - targetsTried);
  }

  private failed(step: StepOutline, targets: readonly TargetRef[], error: unknown): void {
    const reason = reasonOf(error);
    const { detail: lines = [], log } = outputIn(error);
    this.failures.push({ step: nameOf(step, targets), reason });
    this.tell(step, targets, { summary: `would fail: ${reason}`, lines, log, isFound: true });
    this.row(step, { state: 'failed', summary: reason });
  }

  private tell(
    step: StepOutline,
    targets: readonly TargetRef[],
    said: Pick<Detail, 'summary' | 'lines'> & { readonly log?: StepResult['log']; readonly isFound: boolean },
  ): void {
    const { life, details } = this;
    const log = said.log === undefined ? {} : { log: loggedAs(step.path, targets) };
    const detail = { step: nameOf(step, targets), summary: said.summary, lines: said.lines, ...log };
    if (said.isFound) details.push(detail);
    if (log.log !== undefined) life.facts.log = log.log;
    if (said.lines.length > 0 && life.courier.sent < threadMost)
      life.courier.thread(stepDetail(life.facts.request.id, detail));
  }

  /** The targets of a list have no rows of their own. */
  private row({ path }: StepOutline, change: Pick<StepRow, 'state' | 'summary'>): void {
    const { facts } = this.life;
    facts.steps = facts.steps.map((row) => (row.path === path ? { ...row, ...change } : row));
    this.life.changed();
  }
}

function nameOf(step: StepOutline, targets: readonly TargetRef[]): string {
  const places = targets.map(({ index }) => index + 1);
  return places.length === 0 ? step.name : `${step.name} (target ${places.join('.')})`;
}
