import {
  allHandlersFinished,
  CancellationScope,
  condition,
  defineQuery,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { Ballot, Vote } from '../src/approvals/ballot';
import type { Inputs } from '../src/operation/inputs-on-card';
import type { OperationView } from '../src/operation/view';
import { BallotBox } from './ballot-box';
import { mentionsOf, rungBody, voteBody } from './ballot-view';
import { SEARCH_ATTRIBUTES, VIEW_QUERY, type ReviewInput } from './contract';
import { Courier } from './courier';
import { hearVotes } from './hear-votes';
import { tellInFull } from './operation/show';
import { Recorder } from './recorder';
import { instant, shortIdIn } from './say';
import { Slot } from './slot';

/** Records of a review stand behind those of its operation. */
const firstIndex = 90;
const dayMs = 24 * 3_600_000;
/** Days on which an overdue review is told of again; after that once a week. */
const daily = 14;

/**
 * The debt of a break-glass operation: it is open until somebody else of those whom policy names has looked at what was
 * done and said what they found. It does not lapse, and cancelling it does not close it.
 */
export async function review(input: ReviewInput): Promise<void> {
  await CancellationScope.nonCancellable(() => new Review(input).live());
}

class Review {
  private readonly id = workflowInfo().workflowId;
  readonly box: BallotBox;
  private readonly slot: Slot;
  readonly courier: Courier;
  private readonly recorder: Recorder;
  private readonly ballot: Ballot;
  private readonly dueAt: number;
  private closedBy: Vote | undefined;
  private since = Date.now();
  private told = 0;
  private stirs = 0;

  constructor(private readonly input: ReviewInput) {
    const { timings, debt, review: about } = input;
    this.ballot = debt.ballot;
    this.dueAt = Date.parse(about.dueAt);
    this.recorder = new Recorder({
      operationId: about.operation,
      day: input.about.day,
      timings,
      carried: { index: firstIndex, waiting: [] },
    });
    this.box = new BallotBox(timings, {
      counted: (vote, answer) => {
        this.closedBy = vote;
        this.recorder.write('review', {
          state: 'closed',
          ...voteBody(vote, answer),
          overdue: this.isOverdue,
          ...(this.isLastResort(vote) && { lastResort: true }),
        });
        this.changed();
      },
      climbed: (ballot, rung) => this.recorder.write('escalated', rungBody(ballot, rung)),
    });
    this.slot = new Slot({
      slot: `${this.id}/card`,
      channels: debt.channels,
      timings,
      card: () => ({ card: 'operation', view: this.view() }),
    });
    this.courier = new Courier({ owner: this.id, slot: this.slot, timings });
    this.listen();
  }

  async live(): Promise<void> {
    const { review: about } = this.input;
    this.box.open([this.ballot]);
    this.recorder.write('review', {
      state: 'opened',
      by: about.by,
      reviewBy: [...about.reviewBy],
      dueAt: about.dueAt,
    });
    this.publish('waiting');
    this.changed();
    tellInFull(this.courier, { reason: this.input.about.reason, inputs: this.fields });
    this.tell(`${this.title} is open: somebody else has to look at what was done, by ${about.dueAt}.`, { asks: true });
    await this.untilClosed();
    await this.end();
  }

  get title(): string {
    return `Review of break-glass: ${this.input.review.title}`;
  }

  /** Whether it was closed by an operator, and by none of those whom policy names for it. */
  private isLastResort({ teams }: Vote): boolean {
    return this.ballot.seats.every(({ team }) => !teams.includes(team));
  }

  private get isOverdue(): boolean {
    return Date.now() > this.dueAt;
  }

  private async untilClosed(): Promise<void> {
    while (this.closedBy === undefined) {
      const next = this.nextReminder();
      if (Date.now() >= next) {
        this.remind();
        continue;
      }
      const seen = this.stirs;
      await condition(() => this.stirs !== seen, Math.max(1, next - Date.now()));
    }
  }

  /** Half-way, when it is due, and then every day; an instant in ms. */
  private nextReminder(): number {
    if (this.told === 0) return this.dueAt - this.input.debt.withinMs / 2;
    const days = this.told <= daily ? this.told - 1 : daily + (this.told - daily) * 7;
    return this.dueAt + days * dayMs;
  }

  private remind(): void {
    const { by, dueAt } = this.input.review;
    this.told += 1;
    if (this.told === 1) return this.tell(`${this.title} is still open and due by ${dueAt}.`, { asks: true });
    if (this.told === 2) this.recorder.write('review', { state: 'overdue', by, dueAt });
    this.courier.send(
      { kind: 'channel', channel: this.slot.at?.channel ?? this.input.debt.channels[0]! },
      {
        kind: 'review',
        message: `${this.title} is overdue since ${dueAt}; until it is closed, whoever did it cannot break the glass again.`,
        mention: this.mention,
        by,
      },
    );
    this.changed();
  }

  private async end(): Promise<void> {
    const { by, reason } = this.closedBy!;
    this.box.work = 'finished';
    this.since = Date.now();
    this.publish('succeeded');
    this.tell(`${this.title} is closed: ${reason ?? ''}`, { asks: false, by });
    this.changed();
    await this.recorder.persist();
    await this.slot.close();
    await this.courier.close();
    await condition(allHandlersFinished);
  }

  private tell(message: string, { asks, by }: { readonly asks: boolean; readonly by?: string }): void {
    this.courier.thread({ kind: 'review', message, mention: asks ? this.mention : [], by });
  }

  private get mention(): readonly string[] {
    const [seat] = this.ballot.seats;
    const free = mentionsOf(this.ballot, seat?.team ?? '');
    return free.filter((id) => !this.ballot.excluded.some((excluded) => id === `user:${excluded.id}`));
  }

  private publish(state: 'waiting' | 'succeeded'): void {
    upsertSearchAttributes({
      [SEARCH_ATTRIBUTES.state.name]: [state],
      [SEARCH_ATTRIBUTES.since.name]: [new Date(this.since)],
    });
  }

  private changed(): void {
    this.stirs += 1;
    this.slot.touch();
  }

  private listen(): void {
    setHandler(defineQuery<OperationView>(VIEW_QUERY), () => this.view());
    // Handlers run in a scope of their own, which a cancelled workflow's is too.
    hearVotes(this, {
      cast: (vote, known) => CancellationScope.nonCancellable(() => this.box.cast(vote, known)),
    });
  }

  private get fields(): Inputs {
    const { operation, dueAt } = this.input.review;
    return { Operation: operation, 'Due by': dueAt };
  }

  private view(): OperationView {
    const { review: about, about: more } = this.input;
    const { closedBy } = this;
    return {
      format: 1,
      id: this.id,
      shortId: shortIdIn(this.id),
      kind: 'review',
      title: this.title,
      service: more.service,
      environment: more.environment,
      requester: { kind: 'person', id: about.by, via: 'slack' },
      requesterVerified: true,
      fields: this.fields,
      reason: more.reason,
      state: closedBy ? 'succeeded' : 'waiting',
      since: instant(this.since),
      requestedAt: about.openedAt,
      policyCommit: more.policyCommit,
      why: [],
      ballots: this.box.view(),
      gates: [],
      steps: [],
      moreSteps: 0,
      stepsDone: 0,
      irreversible: [],
      rollback: { ready: false },
      note: closedBy || !this.isOverdue ? undefined : `It is overdue since ${about.dueAt}.`,
      denials: [],
      ...(closedBy && {
        outcome: {
          kind: 'succeeded',
          sentence: `It was looked at${this.isLastResort(closedBy) ? ' by an operator, as a last resort' : ''}: ${closedBy.reason ?? ''}`,
          by: closedBy.by,
        },
      }),
    };
  }
}
