import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineSignal,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { Relayed } from '../src/operation/request';
import type { Alerts } from '../src/triggers/alerts';
import type { Hook } from '../src/triggers/hook';
import {
  answerTo,
  firingWords,
  isTelling,
  lastOf,
  staleAtMs,
  started,
  told,
  type Fired,
  type Firing,
  type Ending,
} from '../src/triggers/firings';
import { lanes, reading } from './activities';
import { ALERTED, FIRE, HOOKED, TRIGGERS, WORKFLOWS, type Fire, type FiringsInput, type Happened } from './contract';
import { Courier } from './courier';
import { isTimeout } from './say';
import type { trigger } from './trigger';

/** What is that old is over, or has been sent again. */
const lateMs = 3_600_000;
/** How often it looks whether an operation that has been open for long is over. */
const lookAgainMs = 3_600_000;

const alertedSignal = defineSignal<[Relayed<Alerts>]>(ALERTED);
const hookedSignal = defineSignal<[Relayed<Hook>]>(HOOKED);
const fireSignal = defineSignal<[Fire]>(FIRE);

/**
 * Starts runbooks by what happens, each matter once: what happens again joins what is under way, or waits for the cooldown.
 * There is one of it; it ends when nothing it knows can matter any more.
 */
export async function firings(input: FiringsInput): Promise<void> {
  const firing = new FiringDesk(input);
  setHandler(alertedSignal, (alerts) => firing.take({ kind: 'alerts', alerts }));
  setHandler(hookedSignal, (hook) => firing.take({ kind: 'hook', hook }));
  setHandler(fireSignal, (fire) => firing.take({ kind: 'fire', ...fire }));
  await firing.work();
}

class FiringDesk {
  private readonly waiting: Happened[];
  private fired: readonly Fired[];
  private readonly courier: Courier;

  constructor(private readonly input: FiringsInput) {
    this.waiting = [...(input.waiting ?? [])];
    this.fired = input.fired ?? [];
    this.courier = new Courier({
      owner: `firings/${workflowInfo().firstExecutionRunId}`,
      timings: input.timings,
      count: input.sent,
    });
  }

  take(happened: Happened): void {
    this.waiting.push(happened);
  }

  async work(): Promise<void> {
    while (true) {
      await this.forget();
      const isIdle = this.waiting.length === 0;
      if (isIdle && this.fired.length === 0) break;
      if (workflowInfo().continueAsNewSuggested) return this.carryOn();
      const next = this.waiting[0];
      if (next) {
        await this.answer(next);
        this.waiting.shift();
      } else await condition(() => this.waiting.length > 0, this.untilNextMs());
    }
    await this.courier.close();
    await condition(allHandlersFinished);
    if (this.waiting.length > 0) await this.carryOn();
  }

  private async carryOn(): Promise<void> {
    await this.courier.close();
    const { timings } = this.input;
    await continueAsNew<typeof firings>({
      timings,
      fired: this.fired,
      waiting: this.waiting,
      sent: this.courier.sent,
    });
  }

  /** Drops the starts that say nothing any more. */
  private async forget(): Promise<void> {
    const nowMs = Date.now();
    const stale = this.fired.filter((each) => staleAtMs(each) <= nowMs);
    const gone = new Set<string>();
    for (const each of stale) {
      const ending = await this.ending(each);
      if (!isTelling(each, { nowMs, ending })) gone.add(each.operation);
    }
    this.fired = this.fired.filter(({ operation }) => !gone.has(operation));
  }

  private ending({ operation }: Fired): Promise<Ending> {
    return lanes().endingOf({ workflowId: operation });
  }

  private untilNextMs(): number {
    const inMs = this.fired.map((each) => staleAtMs(each) - Date.now()).filter((ms) => ms > 0);
    return Math.max(1_000, Math.min(lookAgainMs, ...inMs));
  }

  private async answer(happened: Happened): Promise<void> {
    switch (happened.kind) {
      case 'fire':
        return this.fire(happened.firing, happened.tell);
      case 'alerts':
        return this.alerted(happened.alerts);
      case 'hook':
        return this.hooked(happened.hook);
    }
  }

  private async alerted(alerts: Relayed<Alerts>): Promise<void> {
    const found = await this.judged(alerts, () => reading(this.input.timings).alertedRunbooks({ alerts }));
    for (const text of found?.problems ?? []) this.say(found?.tell, text);
    for (const firing of found?.firings ?? []) await this.fire(firing, found?.tell);
  }

  private async hooked(hook: Relayed<Hook>): Promise<void> {
    const found = await this.judged(hook, () => reading(this.input.timings).hookedRunbook({ hook }));
    if (found?.problem !== undefined) this.say(found.tell, found.problem);
    if (found?.firing) await this.fire(found.firing, found.tell);
  }

  /** Undefined for what was not relayed, which is nobody's word, and for what has become too old to act on. */
  private async judged<Judged>(
    { body }: Relayed<{ readonly at: string }>,
    judge: () => Promise<Judged>,
  ): Promise<Judged | undefined> {
    while (Date.now() - Date.parse(body.at) < lateMs) {
      try {
        return await judge();
      } catch (error) {
        if (!isTimeout(error)) return undefined;
      }
    }
    return undefined;
  }

  private async fire(firing: Firing, tell: string | undefined): Promise<void> {
    const last = lastOf(this.fired, firing);
    const ending = last && (await this.ending(last));
    const answer = answerTo(this.fired, firing, { nowMs: Date.now(), ...(ending && { last: ending }) });
    // What is told twice is done once.
    if (answer.does === 'start' && this.fired.some(({ operation }) => operation === firing.request.body.id)) return;
    if (answer.does === 'start') return this.start(firing, tell);
    if (answer.isToldAgain) return;
    this.fired = told(this.fired, answer.of, firing.event);
    const card = await lanes().cardOf({ workflowId: answer.of.operation });
    const text = firingWords(firing, answer);
    if (card) this.courier.send({ kind: 'thread', ...card, broadcast: false }, { kind: 'plain', text });
    else this.say(tell, text);
  }

  private async start(firing: Firing, tell: string | undefined): Promise<void> {
    const { request, title, runbook } = firing;
    this.fired = started(this.fired, firing, Date.now());
    await startChild<typeof trigger>(WORKFLOWS.trigger, {
      workflowId: `${TRIGGERS}${request.body.id}`,
      args: [
        { runbook, timings: this.input.timings, asked: { request, title, ...(tell === undefined ? {} : { tell }) } },
      ],
      parentClosePolicy: 'ABANDON',
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      staticSummary: title,
    });
  }

  private say(channel: string | undefined, text: string): void {
    if (channel !== undefined) this.courier.send({ kind: 'channel', channel }, { kind: 'plain', text });
  }
}
