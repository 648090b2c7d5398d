import { allHandlersFinished, CancellationScope, condition } from '@temporalio/workflow';
import type { Ballot, Vote, VoteAnswer } from '../../src/approvals/ballot';
import type { JsonObject } from '../../src/json';
import type { AppliedChange } from '../../src/ledger/record';
import type { ResourceChange } from '../../src/resources/resource';
import type { Outcome } from '../../src/operation/outcome';
import type { Admission, GateAnswer, JudgeInput, Judgement, Recheck } from '../../src/operation/judgement';
import type { OperationState, OperationView } from '../../src/operation/view';
import { reading } from '../activities';
import { BallotBox } from '../ballot-box';
import { rungBody, voteBody, voteNotice } from '../ballot-view';
import { laneId, PEOPLE, type OperationInput, type ViewAsked } from '../contract';
import { Courier } from '../courier';
import { Recorder } from '../recorder';
import { Slot } from '../slot';
import { applicationFailureIn, instant, reasonOf } from '../say';
import { announce, callVoters, sayCardIsNowhere } from './announce';
import { openReview } from './debt';
import { checkedOutcome } from './checked';
import { decide } from './decide';
import { Ended } from './ended';
import { heedFreezes } from './freezes';
import { endIfOver, isOver, waitForGates } from './gates';
import { changeOf, writeIntent } from './intent';
import { listen } from './listen';
import { look, lookAgain } from './look';
import { Place } from './place';
import { publish } from './publish';
import { recheck } from './recheck';
import { runPlan, type RunHandle } from './run-plan';
import type { Admitted, Allowed, Facts } from './state';
import { endStates, outcomeOf, stateChangeOf } from './outcome';
import { changedByRun, changedWithoutRun, followUp } from './resource';
import type { LaneTaken } from '../lane';
import { show } from './show';
import { lanePriority } from './urgency';
import { verdictBody } from './verdict-body';
import { viewOf } from './view';

/** The life of one operation (DESIGN section 2): admit, judge, gates, lane, recheck, intent, run, watch, outcome. */
export class Life {
  readonly facts: Facts;
  readonly box: BallotBox;
  readonly place: Place;
  readonly recorder: Recorder;
  slot: Slot | undefined;
  courier: Courier;
  runHandle: RunHandle | undefined;
  cancelled: { readonly by: string } | undefined;
  /** The rollback that took the lane over. */
  takenBy: LaneTaken | undefined;
  readonly judging;
  /** Grows with everything the gate loop must look at. */
  stirs = 0;
  looks = 0;
  /** Whether somebody said that the gates want to be asked now. */
  gatesDue = false;
  /** Action ids of what people pressed: an Update and the signal that stands in for it are one act. */
  readonly acts = new Set<string>();
  /** Whether its intent was written, or tried to be. */
  private intended = false;
  /** Whether the first side effect may have happened. */
  started = false;
  /** The work went on before its intent was in the ledger. */
  intentDeferred = false;
  /** What the run made of the applied state; recorded with the outcome. */
  private pendingChange: AppliedChange | undefined;
  /** What became of the thing that it makes or takes away; recorded with the outcome. */
  private pendingResources: readonly ResourceChange[] | undefined;

  constructor(readonly input: OperationInput) {
    const request = input.request.body;
    const { timings } = input;
    this.facts = { request, state: 'preparing', since: Date.now(), gates: [], steps: [], found: [], denials: [] };
    this.judging = reading(timings);
    this.box = new BallotBox(timings, {
      counted: (vote, answer, ballot) => this.counted(vote, answer, ballot),
      climbed: (ballot, rung) => this.recorder.write('escalated', rungBody(ballot, rung)),
    });
    this.recorder = new Recorder({ operationId: request.id, day: request.requestedAt.slice(0, 10), timings });
    this.courier = new Courier({ owner: request.id, timings });
    this.place = new Place({
      timings,
      onMoved: () => {
        this.facts.lane = this.place.position;
        this.changed();
      },
      onTaken: (taken) => {
        if (taken.because === 'rollback') this.takenBy = taken;
        this.runHandle?.taken(taken);
        this.changed();
      },
    });
    listen(this);
    // Cancelling in Temporal's own UI means: stop and undo, by the operator.
    void CancellationScope.current().cancelRequested.catch(() => this.stop('operator', 'cancelled in Temporal'));
  }

  live(): Promise<Outcome> {
    return CancellationScope.nonCancellable(async () => {
      const outcome = await this.untilOutcome();
      await this.end(outcome);
      return outcome;
    });
  }

  view(asked?: ViewAsked): OperationView {
    return viewOf(this.facts, { ...asked, ballots: this.box.view() });
  }

  /** Something the card shows has changed. */
  changed(): void {
    this.stirs += 1;
    this.slot?.touch();
  }

  /** What the gates look at may have changed. */
  lookAgain(): void {
    this.gatesDue = true;
    this.stirs += 1;
  }

  /** Before side effects it is a cancellation, after them an abort. */
  stop(by: string, reason?: string, undo?: 'no'): void {
    if (this.runHandle) this.runHandle.abort({ by, reason, ...(undo === undefined ? {} : { undo }) });
    else this.cancelled ??= { by };
    this.changed();
  }

  /** Holds it before its next step; without a name it goes on. */
  pause(by: string | undefined): void {
    if (by === undefined) this.runHandle?.tell({ kind: 'resume', by: PEOPLE });
    else this.runHandle?.tell({ kind: 'pause', by: PEOPLE, at: 'step' });
    this.facts.paused = by;
    this.changed();
  }

  enter(state: OperationState, note?: string): void {
    this.facts.state = state;
    this.facts.note = note;
    this.facts.since = Date.now();
    publish(this);
    this.changed();
  }

  private async untilOutcome(): Promise<Outcome> {
    try {
      const { asker, judgement, ...first } = await decide(this.input);
      const admission = this.admitted(first.admission);
      const looked = await look(this, admission);
      return await this.judgeAndRun({ request: this.input.request, asker, admission, ...looked }, judgement);
    } catch (error) {
      if (error instanceof Ended) return error.outcome;
      if (applicationFailureIn(error)?.type === 'NotRelayed') throw error;
      const where = this.started
        ? 'stopped while it was being carried out, so what it left behind is uncertain and somebody has to look'
        : 'stopped before anything was changed';
      return { kind: 'failed', sentence: `${this.title} ${where}: ${reasonOf(error)}` };
    }
  }

  private async judgeAndRun(first: JudgeInput, judged: Judgement | undefined): Promise<Outcome> {
    let base = first;
    let judgement = this.allowed(judged ?? (await this.judging.judge(base)));
    this.openCard();
    if (this.facts.request.check) return await this.check(judgement);
    this.adopt(judgement);
    while (true) {
      const moved = await waitForGates(this, base, judgement);
      if (moved) {
        judgement = this.moved(moved);
        continue;
      }
      if (!(await this.takePlace(judgement))) continue;
      base = await lookAgain(this, base);
      const rechecked = await recheck(this, base, judgement);
      if (rechecked.kind === 'go') {
        if (rechecked.alreadyTrue) return { kind: 'succeeded', sentence: rechecked.alreadyTrue };
        return await this.run(base, judgement, rechecked);
      }
      await this.leaveLane(judgement);
      if (rechecked.kind === 'gates_closed') {
        const { gates, nextGateCheckAtMs } = rechecked.answer;
        this.setGates(rechecked.answer);
        judgement = { ...judgement, gates, nextGateCheckAtMs };
      } else judgement = this.moved(rechecked);
    }
  }

  /** A newer look at it denies, or opens the ballots anew. */
  private moved(answer: Extract<Recheck, { kind: 'denied' | 'changed' }>): Allowed {
    if (answer.kind === 'denied') return this.endDenied(answer.reasons);
    const judgement = this.allowed(answer.judgement);
    this.courier.thread({ kind: 'changed', message: answer.because });
    this.adopt(judgement);
    return judgement;
  }

  get title(): string {
    return this.facts.admission?.title ?? this.facts.request.asked.text;
  }

  private admitted(admission: Admission): Admitted {
    const { request } = this.facts;
    this.recorder.write('request', { ...(request as unknown as JsonObject) });
    if (admission.kind === 'denied') {
      this.recorder.write('verdict', verdictBody(admission));
      return this.endDenied(admission.reasons);
    }
    this.facts.admission = admission;
    return admission;
  }

  openCard(): void {
    if (this.slot) return;
    const { admission, request } = this.facts;
    const channels = [admission!.channel, request.asked.channel].filter((channel): channel is string => !!channel);
    this.slot = new Slot({
      slot: `${request.id}/card`,
      channels,
      timings: this.input.timings,
      card: () => ({ card: 'operation', view: this.view() }),
      onPosted: () => publish(this),
      onNowhere: (reason) => sayCardIsNowhere(this, reason),
    });
    this.courier = new Courier({ owner: request.id, slot: this.slot, timings: this.input.timings });
    this.slot.touch();
  }

  private allowed(judgement: Judgement): Allowed {
    if (judgement.kind === 'allowed') return judgement;
    this.recorder.write('verdict', verdictBody(judgement));
    return this.endDenied(judgement.reasons);
  }

  private endDenied(reasons: readonly string[]): never {
    this.facts.denials = reasons;
    throw new Ended({ kind: 'denied', sentence: `Policy does not allow this: ${reasons.join(' ')}` });
  }

  /** The card shows what would come, and its steps are tried; no ballot is opened, so nobody can be asked by it. */
  private async check(judgement: Allowed): Promise<Outcome> {
    endIfOver(this);
    show(this, judgement);
    this.facts.gates = judgement.gates;
    this.recorder.write('verdict', verdictBody(judgement));
    return checkedOutcome(this, judgement);
  }

  /** A judgement comes into force: its ballots are open, earlier ones void. */
  private adopt(judgement: Allowed): void {
    show(this, judgement);
    this.box.open(judgement.ballots);
    this.setGates(judgement);
    this.recorder.write('verdict', verdictBody(judgement));
    this.enter('waiting');
    callVoters(this.courier, this.box, this.title);
  }

  /** What holds it back now; a soft rule that somebody has overridden does not. */
  setGates({ gates, overrides }: GateAnswer): void {
    if (overrides) this.box.openOverrides(overrides);
    this.facts.gates = gates.map((gate) =>
      gate.ballot === undefined ? gate : { ...gate, holds: this.box.hasOverridden(gate.ballot) },
    );
  }

  private counted(vote: Vote, answer: Extract<VoteAnswer, { kind: 'counted' }>, ballot: Ballot): void {
    const isOverride = ballot.purpose === 'override' && vote.decision === 'approve';
    this.recorder.write(isOverride ? 'override' : 'vote', {
      ...voteBody(vote, answer),
      ...(isOverride && { rule: ballot.rule }),
    });
    this.courier.thread(voteNotice(vote, answer, ballot));
    this.setGates({ gates: this.facts.gates });
    publish(this);
    this.changed();
  }

  /** Somebody has withdrawn what let it go on: others are asked again. */
  get isAskingAgain(): boolean {
    return this.box.state === 'open' || this.facts.gates.some(({ holds }) => !holds);
  }

  /** False when an approval was withdrawn in the meantime: whoever is asked now decides first. */
  private async takePlace({ lane }: Allowed): Promise<boolean> {
    if (!lane) return true;
    const { request } = this.facts;
    this.enter('queued');
    const entry = {
      laneId: laneId(lane),
      operationId: request.id,
      kind: request.kind,
      title: this.title,
      ...(request.requester.kind === 'person' && { requester: request.requester.id }),
      priority: lanePriority(request),
      livenessCheckMs: this.input.timings.livenessMs,
      takeOverMs: this.input.timings.takeOverMs,
    };
    const granted = await this.place.enter(entry, () => isOver(this) || this.isAskingAgain);
    this.facts.lane = undefined;
    if (granted) return true;
    await this.leaveLane(this.facts.judgement!);
    endIfOver(this);
    if (this.isAskingAgain) return false;
    throw new Ended({
      kind: 'expired',
      sentence: `${this.title} waited too long in its lane, so nothing was changed; ask again to start over.`,
    });
  }

  /** Gives up its place in the lane; without one, nothing happens. */
  async leaveLane({ lane }: Allowed): Promise<void> {
    await this.place.leave(lane && laneId(lane), this.facts.request.id);
  }

  private async run(
    base: JudgeInput,
    judgement: Allowed,
    rechecked: Extract<Recheck, { kind: 'go' }>,
  ): Promise<Outcome> {
    // Since the last question about freezes: what begins while the intent is written begins while it runs.
    const { request, since: startedAtMs } = this.facts;
    endIfOver(this);
    this.box.settled = true;
    this.intended = true;
    await writeIntent(this, judgement);
    // Who rejected before the first side effect is heard, even if Slack still says who that is.
    if (this.box.counting) await condition(() => !this.box.counting, this.input.timings.voterCheckMs);
    this.box.work = 'begun';
    this.endIfOverAfterIntent(judgement, rechecked.previousVersion);
    this.started = true;
    await openReview(this, judgement);
    this.enter('running');
    let over = false;
    void heedFreezes(this, { ...base, judgement, startedAtMs, first: rechecked.nextFreezeAtMs }, () => over);
    const result = await runPlan(this, {
      plan: judgement.plan,
      fence: this.place.grant?.fence,
      late: { previous_version: rechecked.previousVersion },
    }).finally(() => (over = true));
    this.pendingChange =
      judgement.lane &&
      stateChangeOf({
        result,
        kind: request.kind,
        lane: judgement.lane,
        version: this.facts.admission?.version ?? request.version,
        commit: judgement.change?.commit,
        previousVersion: rechecked.previousVersion,
        operation: request.id,
        at: instant(),
        fence: this.place.grant?.fence,
      });
    this.pendingResources = await changedByRun(this, judgement, result);
    return outcomeOf({
      result,
      title: this.title,
      request,
      restored: rechecked.previousVersion,
      takenBy: this.takenBy,
    });
  }

  /** Somebody cancelled, or a rollback took the lane, while the intent was written: what is in motion is called off. */
  private endIfOverAfterIntent({ lane }: Allowed, to: string | undefined): void {
    if (lane && to !== undefined) this.pendingChange = { ...changeOf(this, lane), kind: 'rolled_back', to };
    endIfOver(this);
    this.pendingChange = undefined;
  }

  /** Record and applied state, then the lane, then the last card (DESIGN section 2, step 8). */
  private async end(outcome: Outcome): Promise<void> {
    this.box.work = 'finished';
    const { kind, sentence, by, missed, restored } = outcome;
    const body = { kind, sentence, by: by ?? null, missed: missed ? { ...missed } : null, restored: restored ?? null };
    const { started, intentDeferred } = this;
    const { judgement } = this.facts;
    // An intent that another operation's came before changes nothing, and neither does what is said of its end.
    const ended = this.intended && judgement ? changedWithoutRun(this, judgement, sentence) : [];
    const resources = this.pendingResources ?? ended;
    this.recorder.write('outcome', { ...body, started, intentDeferred }, { state: this.pendingChange, resources });
    const unrecorded = await this.recorder.flush().then(
      () => undefined,
      (error: unknown) => ` The ledger does not have this outcome yet: ${reasonOf(error)}`,
    );
    await followUp(this, resources).catch(() => undefined);
    if (this.facts.judgement) await this.leaveLane(this.facts.judgement).catch(() => undefined);
    this.facts.outcome = outcome;
    this.enter(endStates[kind], `${sentence}${unrecorded ?? ''}`);
    announce(this, outcome);
    await this.slot?.close();
    await this.courier.close();
    await this.recorder.persist();
    await condition(allHandlersFinished);
  }
}
