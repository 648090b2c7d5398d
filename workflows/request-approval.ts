import {
  ApplicationFailure,
  CancellationScope,
  condition,
  defineQuery,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
  allHandlersFinished,
} from '@temporalio/workflow';
import type { ApprovalAsk, ApprovalJudgement, ApprovalResult } from '../src/approvals/ask';
import type { Requester } from '../src/operation/request';
import type { OperationState, OperationView } from '../src/operation/view';
import { reading } from './activities';
import { BallotBox } from './ballot-box';
import { rungBody, voteBody, voteNotice } from './ballot-view';
import { defaultTimings, SEARCH_ATTRIBUTES, VIEW_QUERY } from './contract';
import { Courier } from './courier';
import { callVoters, escalate } from './operation/announce';
import { tellInFull } from './operation/show';
import { hearVotes } from './hear-votes';
import { Recorder } from './recorder';
import { instant } from './say';
import { Slot } from './slot';

/**
 * A Slack approval for any workflow in any language: start it (as a child or from a client) with plain JSON, get the
 * decision back. Teams, eligibility and four eyes come from policy; the record goes to the ledger.
 */
export async function requestApproval(ask: ApprovalAsk): Promise<ApprovalResult> {
  return CancellationScope.nonCancellable(() => new Approval(ask).live());
}

/** Name of its records: callers choose workflow ids, and the ledger's folders cannot be called everything. */
function recordName(): string {
  const { workflowId, firstExecutionRunId } = workflowInfo();
  const plain = workflowId.replace(/[^A-Za-z0-9_-]+/g, '-').replace(/^-+/, '');
  return plain === workflowId && plain.length <= 200
    ? plain
    : `${plain.slice(0, 180)}-${firstExecutionRunId.slice(0, 8)}`;
}

type Allowed = Extract<ApprovalJudgement, { kind: 'allowed' }>;

class Approval {
  private readonly id = workflowInfo().workflowId;
  /** What is waited for before the verdict; with it come the waits of this installation. */
  private timings = defaultTimings;
  private readonly startedAt = instant();
  box = this.newBox();
  courier = this.newCourier();
  slot: Slot | undefined;
  private recorder = this.newRecorder();
  private state: OperationState = 'preparing';
  private since = Date.now();
  private judgement: Allowed | undefined;
  private cancelled = false;
  private stirs = 0;

  constructor(private readonly ask: ApprovalAsk) {
    setHandler(defineQuery<OperationView>(VIEW_QUERY), () => this.view());
    hearVotes(this);
    void CancellationScope.current().cancelRequested.catch(() => {
      this.cancelled = true;
      this.changed();
    });
  }

  /** Whom a workflow names is nobody's word but its own; who asked for an operation is known. */
  private get requester(): Requester {
    const { operation, requester } = this.ask;
    return operation?.body.requester ?? { kind: 'machine', id: requester ?? 'another workflow', via: 'webhook' };
  }

  get title(): string {
    return this.ask.title;
  }

  async live(): Promise<ApprovalResult> {
    const { parent, workflowId } = workflowInfo();
    const caller = { workflowId, parentWorkflowId: parent?.workflowId };
    const { judgement, timings } = await reading(this.timings).judgeApproval({ ask: this.ask, caller });
    if (judgement.kind === 'denied') throw ApplicationFailure.nonRetryable(judgement.reason, 'Refusal');
    this.judgement = judgement;
    // Somebody waits for the answer, so the last card has no longer than any other.
    this.timings = { ...timings, lastDeliveryMs: timings.deliveryMs };
    this.recorder = this.newRecorder();
    this.recorder.write('request', {
      kind: 'approval',
      title: this.title,
      about: this.ask.about,
      requester: this.requester.id,
      requesterVerified: this.ask.operation !== undefined,
      ...(this.ask.operation && { partOf: this.ask.operation.body.id }),
      caller: { workflowId, parentWorkflowId: parent?.workflowId ?? null },
    });
    this.openBallots(judgement);
    const decision = await this.untilDecided();
    return this.end(judgement, decision);
  }

  private newBox(): BallotBox {
    return new BallotBox(this.timings, {
      counted: (vote, answer, ballot) => {
        this.recorder.write('vote', voteBody(vote, answer));
        this.courier.thread(voteNotice(vote, answer, ballot));
        this.changed();
      },
      climbed: (ballot, rung) => this.recorder.write('escalated', rungBody(ballot, rung)),
    });
  }

  private newRecorder(): Recorder {
    return new Recorder({ operationId: recordName(), day: this.startedAt.slice(0, 10), timings: this.timings });
  }

  private newCourier(): Courier {
    return new Courier({ owner: this.id, slot: this.slot, timings: this.timings, count: this.courier?.sent });
  }

  private openBallots({ ballots, channel }: Allowed): void {
    this.slot = new Slot({
      slot: `${this.id}/card`,
      channels: [channel],
      timings: this.timings,
      card: () => ({ card: 'operation', view: this.view() }),
    });
    this.courier = this.newCourier();
    this.box = this.newBox();
    this.box.open(ballots);
    this.enter('waiting');
    tellInFull(this.courier, { reason: this.ask.about, inputs: this.ask.fields ?? {} });
    callVoters(this.courier, this.box, this.title);
  }

  private async untilDecided(): Promise<ApprovalResult['decision']> {
    while (true) {
      escalate(this, this.id);
      if (this.box.state === 'filled') return 'approved';
      if (this.box.state === 'rejected') return 'rejected';
      if (this.box.state === 'expired' || this.cancelled) return 'expired';
      const seen = this.stirs;
      await condition(() => this.stirs !== seen, Math.max(1, this.box.nextDeadline - Date.now()));
    }
  }

  private async end(judged: Allowed, decision: ApprovalResult['decision']): Promise<ApprovalResult> {
    this.box.work = 'finished';
    this.enter(decision === 'approved' ? 'succeeded' : decision);
    this.recorder.write('outcome', { decision, digest: judged.digest });
    await this.recorder.persist();
    await this.slot?.close();
    await this.courier.close();
    await condition(allHandlersFinished);
    const votes = this.box.votes
      .filter((vote) => vote.decision !== 'withdraw')
      .map(({ by, at, reason }) => ({ by, at, ...(reason === undefined ? {} : { reason }) }));
    return { decision, votes, policyCommit: judged.policyCommit, digest: judged.digest };
  }

  private enter(state: OperationState): void {
    this.state = state;
    this.since = Date.now();
    this.changed();
    upsertSearchAttributes({
      [SEARCH_ATTRIBUTES.state.name]: [state],
      [SEARCH_ATTRIBUTES.waitingFor.name]: state === 'waiting' ? [...this.box.waitingFor] : [],
    });
  }

  changed(): void {
    this.stirs += 1;
    this.slot?.touch();
  }

  private view(): OperationView {
    const { ask } = this;
    return {
      format: 1,
      id: this.id,
      shortId: this.id.slice(-10),
      kind: 'approval',
      title: this.title,
      environment: ask.environment,
      requester: this.requester,
      requesterVerified: ask.operation !== undefined,
      fields: ask.fields,
      reason: ask.about,
      state: this.state,
      since: instant(this.since),
      requestedAt: this.startedAt,
      policyCommit: this.judgement?.policyCommit,
      why: [],
      ballots: this.box.view(),
      gates: [],
      steps: [],
      moreSteps: 0,
      stepsDone: 0,
      irreversible: [],
      rollback: { ready: false },
      digest: this.judgement?.digest,
      denials: [],
    };
  }
}
