import {
  allHandlersFinished,
  CancellationScope,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  makeContinueAsNewFunc,
  setHandler,
  sleep,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import { changeHolds, endOfTime, type HoldRight } from '../src/holds/change';
import { isEmpty, isHoldAct, nextEnd, noHolds, type HoldAct, type HoldEvent, type Holds } from '../src/holds/holds';
import type { JsonObject } from '../src/json';
import type { ActAnswer, ActBody } from '../src/operation/ports';
import type { Asker } from '../src/operation/asker';
import type { Relayed } from '../src/operation/request';
import { checking, lanes, reading } from './activities';
import { ACT_SIGNAL, ACT_UPDATE, HOLDS_MEMO, VIEW_QUERY, WORKFLOWS, type HoldsInput } from './contract';
import { Courier } from './courier';
import { Recorder, type RecorderState } from './recorder';
import { instant } from './say';

const dayMs = 24 * 3_600_000;
/** An act comes a second time within minutes; so many others do not come in between. */
const rememberedActs = 500;
/** Whoever acted is told about the record only if it takes longer than this. */
const recordSoonMs = 4_000;
/** Nobody's look-up: a person of whom Slack says nothing. */
const nobody: Asker = { standing: 'unknown', groups: 'unknown' };

/** Everything it knows; plain JSON that survives continue-as-new. */
export interface HoldsCarried {
  readonly id: string;
  readonly day: string;
  readonly holds: Holds;
  readonly acts: readonly string[];
  readonly lastActAt: number;
  readonly noticesSent: number;
  readonly records: RecorderState;
}

/**
 * What holds work back by command: locks with their queues, freezes, the stop. It is one workflow, so that whoever
 * decides reads one consistent answer, from its memo and without a worker. It ends when nothing is held.
 */
export async function holds(input: HoldsInput, carried?: HoldsCarried): Promise<void> {
  return CancellationScope.nonCancellable(() => new HoldsDesk(input, carried).live());
}

class HoldsDesk {
  private holds: Holds;
  /** Action ids of what counted: an Update and the signal that stands in for it are one act. */
  private readonly acts: Set<string>;
  /** Acts that are being looked at, so that both hear the same. */
  private readonly underWay = new Map<string, Promise<ActAnswer>>();
  private readonly id: string;
  private readonly day: string;
  private lastActAt: number;
  private stirs = 0;
  /** What goes on in the background and has to end before this does. */
  private busy = 0;
  private readonly courier: Courier;
  private readonly recorder: Recorder;

  constructor(
    private readonly input: HoldsInput,
    carried: HoldsCarried | undefined,
  ) {
    const { timings } = input;
    this.holds = carried?.holds ?? input.held ?? noHolds;
    this.acts = new Set(carried?.acts ?? []);
    // Each life has records and notices of its own.
    this.id = carried?.id ?? `holds-${instant().replace(/\D/g, '')}`;
    this.day = carried?.day ?? instant().slice(0, 10);
    this.lastActAt = carried?.lastActAt ?? Date.now();
    this.courier = new Courier({ owner: this.id, timings, count: carried?.noticesSent });
    this.recorder = new Recorder({ operationId: this.id, day: this.day, timings, carried: carried?.records });
    this.listen();
    if (carried && carried.records.waiting.length > 0) this.inBackground(() => this.recorder.persist());
  }

  private listen(): void {
    setHandler(defineQuery<Holds>(VIEW_QUERY), () => this.holds);
    setHandler(defineUpdate<ActAnswer, [Relayed<ActBody>]>(ACT_UPDATE), async (act) => {
      const began = Date.now();
      const said = await this.act(act);
      // Whoever asked so long ago waits no more.
      if (Date.now() - began >= this.input.timings.voterCheckMs) this.tell(act, said);
      return said;
    });
    setHandler(defineSignal<[Relayed<ActBody>]>(ACT_SIGNAL), async (act) => {
      const isKnown = this.acts.has(String(act.body?.actionId));
      const said = await this.act(act);
      if (!isKnown) this.tell(act, said);
    });
  }

  async live(): Promise<void> {
    while (true) {
      this.endWhatIsOver();
      if (this.mayEnd()) break;
      if (this.mayBeginAnew()) await this.beginAnew();
      const seen = this.stirs;
      const moved = (): boolean => this.stirs !== seen || this.mayBeginAnew();
      const until = this.isIdle() ? (nextEnd(this.holds) ?? this.lingersUntil()) : nextEnd(this.holds);
      if (until === undefined) await condition(moved);
      else await condition(moved, Math.max(1, until - Date.now()));
    }
    await this.courier.close();
  }

  private lingersUntil(): number | undefined {
    return isEmpty(this.holds) ? this.lastActAt + this.input.lingerMs : undefined;
  }

  private isIdle(): boolean {
    return allHandlersFinished() && this.busy === 0 && this.courier.idle;
  }

  private mayEnd(): boolean {
    const until = this.lingersUntil();
    return until !== undefined && Date.now() >= until && this.isIdle();
  }

  private mayBeginAnew(): boolean {
    return workflowInfo().continueAsNewSuggested && this.isIdle() && this.recorder.state !== undefined;
  }

  private beginAnew(): Promise<never> {
    const { id, day, lastActAt } = this;
    const carried: HoldsCarried = {
      id,
      day,
      holds: this.holds,
      acts: [...this.acts],
      lastActAt,
      noticesSent: this.courier.sent,
      records: this.recorder.state!,
    };
    const anew = makeContinueAsNewFunc<typeof holds>({
      workflowType: WORKFLOWS.holds,
      memo: { [HOLDS_MEMO]: this.holds },
    });
    return anew(this.input, carried);
  }

  private endWhatIsOver(): void {
    const { holds: next, events } = endOfTime(this.holds, Date.now());
    if (events.length === 0) return;
    for (const event of events) this.recorder.write('hold', bodyOf(event));
    this.adopt(next, events);
  }

  private async act(relayed: Relayed<ActBody>): Promise<ActAnswer> {
    if (relayed.body?.workflowId !== workflowInfo().workflowId || !isHoldAct(relayed.body.act)) return notRelayed;
    if (this.acts.has(relayed.body.actionId)) return { kind: 'done', sentence: 'That was taken on already.' };
    const key = `${relayed.body.actionId} ${relayed.signature}`;
    const underWay = this.underWay.get(key);
    if (underWay) return underWay;
    const answer = this.judged(relayed, relayed.body.act);
    this.underWay.set(key, answer);
    try {
      return await answer;
    } finally {
      this.underWay.delete(key);
      this.stirs += 1;
    }
  }

  private async judged(relayed: Relayed<ActBody>, act: HoldAct): Promise<ActAnswer> {
    if (Date.parse(relayed.body.at) < Date.parse(this.input.heldUntil ?? '')) return ofAnotherLife;
    const right = await this.rightTo(relayed, act);
    if (right.kind === 'not_relayed') return notRelayed;
    if (right.kind === 'refused') return right;
    if (this.acts.has(relayed.body.actionId)) return { kind: 'done', sentence: 'That was taken on already.' };
    this.remember(relayed.body.actionId);
    const { holds: next, events, answer } = changeHolds(this.holds, { act, grant: right.grant, now: Date.now() });
    if (answer.kind === 'refused') return answer;
    const { as, policyCommit } = right;
    for (const event of events) this.recorder.write('hold', { ...bodyOf(event), as, policyCommit });
    this.adopt(next, events);
    // It holds at once: a stop that waited for a Git host would stop nothing.
    const isRecorded = await this.recorder
      .flushWithin(Math.min(recordSoonMs, this.input.timings.deferMs))
      .catch(() => false);
    if (isRecorded) return answer;
    return {
      ...answer,
      sentence: `${answer.sentence} The ledger cannot be written now, so the record of this follows when the Git host is back.`,
    };
  }

  /** Whoever holds work back needs Slack no more than a rollback does; whoever lets it go is asked about fresh. */
  private async rightTo(relayed: Relayed<ActBody>, act: HoldAct): Promise<HoldRight> {
    const { by, byKind } = relayed.body;
    const maxAgeMs = ['lock', 'freeze', 'stop'].includes(act.kind) ? dayMs : this.input.timings.voterMaxAgeMs;
    const ask = (user: string): Promise<Asker> =>
      checking(this.input.timings, ({ whoIs }) => whoIs({ user, maxAgeMs })).catch(() => nobody);
    const [asker, recipient] = await Promise.all([
      byKind === 'machine' ? nobody : ask(by),
      act.kind === 'hand_over' ? ask(act.to) : undefined,
    ]);
    return reading(this.input.timings)
      .judgeHold({ act: relayed, asker, ...(recipient && { recipient }) })
      .catch(() => ({
        kind: 'refused',
        sentence:
          'Nothing was done, because the policy repository does not answer and unknown means no; try again in a minute.',
      }));
  }

  /** A change is true from now on: it is in the memo with the answer, and everybody concerned hears of it. */
  private adopt(next: Holds, events: readonly HoldEvent[]): void {
    this.holds = next;
    this.lastActAt = Date.now();
    this.stirs += 1;
    upsertMemo({ [HOLDS_MEMO]: next });
    for (const event of events) {
      this.courier.send({ kind: 'channel', channel: event.channel }, { kind: 'hold', event });
      for (const user of concerned(event)) this.courier.send({ kind: 'person', user }, { kind: 'hold', event });
    }
    this.inBackground(() => this.recorder.persist());
    const moving = events.filter(({ what }) => what !== 'queued' && what !== 'left');
    if (moving.length > 0) this.inBackground(() => this.stirOperations(moving));
  }

  private async stirOperations(events: readonly HoldEvent[]): Promise<void> {
    const places = new Map(
      events.map(({ service, environment }) => [`${environment}/${service}`, { service, environment }]),
    );
    const stirAll = async (): Promise<unknown> =>
      Promise.all([...places.values()].map((where) => lanes().stirOperations(where)));
    await stirAll();
    await sleep(this.input.stirAgainMs);
    await stirAll();
  }

  private inBackground(work: () => Promise<unknown>): void {
    this.busy += 1;
    const over = (): void => {
      this.busy -= 1;
      this.stirs += 1;
    };
    work().then(over, over);
  }

  private tell({ body }: Relayed<ActBody>, said: ActAnswer): void {
    if (said === notRelayed || body.byKind === 'machine') return;
    const { sentence: text, about } = said;
    this.courier.send({ kind: 'private', user: body.by }, { kind: 'plain', text, ...(about && { about }) });
  }

  private remember(actionId: string): void {
    this.acts.add(actionId);
    const [oldest] = this.acts;
    if (this.acts.size > rememberedActs) this.acts.delete(oldest!);
  }
}

const notRelayed: ActAnswer = {
  kind: 'refused',
  sentence: 'This did not come through Signalbox, so it was ignored.',
};

/** What it had done went with the life that was ended, and doing it twice could let go what somebody holds by now. */
const ofAnotherLife: ActAnswer = {
  kind: 'refused',
  sentence:
    'What keeps locks, freezes and the stop was ended by force after you asked for this, so nobody can say whether it was done; look at /signalbox locks, and ask again if it was not.',
};

/** People who did nothing and have to know: whoever gets a lock, and whoever loses one to somebody else. */
function concerned({ what, by, of, to }: HoldEvent): readonly string[] {
  if (what === 'granted' || what === 'handed_over' || what === 'unlocked' || what === 'lock_expired')
    return [...new Set([to, of])].filter((user): user is string => user !== undefined && user !== by);
  return [];
}

function bodyOf({ channel: _channel, ...event }: HoldEvent): JsonObject {
  return { ...event };
}
