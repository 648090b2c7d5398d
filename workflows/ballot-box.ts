import { ApplicationFailure, isCancellation } from '@temporalio/workflow';
import type { Ballot, Rung, Vote, VoteAnswer, VoteBody, VoteRefusal } from '../src/approvals/ballot';
import { personIn } from '../src/approvals/members';
import { assignSeats, teamsOf, type SeatAssignment } from '../src/approvals/seats';
import { ballotTakes } from '../src/approvals/takes';
import type { KnownPerson } from '../src/operation/asker';
import type { VoterCheck, WorkerActivities } from '../src/operation/ports';
import type { BallotView } from '../src/operation/view';
import type { Relayed } from '../src/operation/request';
import { checking, onTheSpot } from './activities';
import { climb, inForce, nextInstant, restart, type Call, type OpenBallot } from './ballot-ladder';
import type { OperationTimings } from './contract';
import { ballotView, type Counted } from './ballot-view';
import { instant } from './say';

export interface BoxEvents {
  /** A vote was counted: show it, record it, say it. */
  counted(vote: Vote, answer: Counted, ballot: Ballot): void;
  /** A step of a ballot's ladder was taken: record it. */
  climbed(ballot: Ballot, rung: Rung): void;
}

/**
 * All ballots of one workflow, and the only place where votes are counted. The validator (`objection`) and the handler
 * (`cast`) ask the same questions; the handler asks them again after Slack said who the voter is, because the world
 * may have moved meanwhile.
 */
export class BallotBox {
  private ballots: OpenBallot[] = [];
  /** Action ids of votes being checked now, by ballot and account: a second tap in that moment is refused. */
  private readonly reserved = new Map<string, string>();
  /** Whether the first side effect is still ahead: after it votes matter no more. */
  work: 'ahead' | 'begun' | 'finished' = 'ahead';
  /** Set once what was approved is about to begin: an approval is not taken back any more, it is rejected. */
  settled = false;

  constructor(
    private readonly timings: OperationTimings,
    private readonly events: BoxEvents,
  ) {}

  /** Opens ballots; those open before are void, their votes count no longer. */
  open(ballots: readonly Ballot[]): void {
    for (const old of this.ballots) if (old.status === 'open' || old.status === 'filled') old.status = 'void';
    const now = Date.now();
    const fresh = ballots.map((ballot) => opened(ballot, now));
    this.ballots = [...this.ballots.slice(-10).filter(({ ballot }) => !isAmong(ballots, ballot)), ...fresh];
  }

  /** The ballots that override soft rules are these now: new ones open, others are void, and one that is back stands. */
  openOverrides(ballots: readonly Ballot[]): void {
    for (const old of this.ballots)
      if (old.ballot.purpose === 'override' && old.status !== 'void' && !isAmong(ballots, old.ballot))
        old.status = 'void';
    const now = Date.now();
    for (const ballot of ballots) {
      const known = this.ballots.find((open) => open.ballot.id === ballot.id);
      if (!known) this.ballots.push(opened(ballot, now));
      else if (known.status === 'void') known.status = seatsIn(known).complete ? 'filled' : 'open';
    }
  }

  /** Whether somebody has overridden what this ballot is about. */
  hasOverridden(ballotId: string): boolean {
    return this.current.some(({ ballot, status }) => ballot.id === ballotId && status === 'filled');
  }

  private get current(): readonly OpenBallot[] {
    return this.ballots.filter((open) => open.status !== 'void');
  }

  get state(): 'open' | 'filled' | 'rejected' | 'expired' {
    if (this.current.some((open) => open.status === 'rejected')) return 'rejected';
    if (this.current.some((open) => open.status === 'expired')) return 'expired';
    // A soft rule may also come to be broken no more: whether it holds is its gate's to say.
    return this.current.every((open) => open.ballot.purpose === 'override' || open.status === 'filled')
      ? 'filled'
      : 'open';
  }

  /** The ballot whose time ran out. */
  get ranOut(): Ballot | undefined {
    return this.current.find((open) => open.status === 'expired')?.ballot;
  }

  get votes(): readonly Vote[] {
    return this.current.flatMap((open) => open.votes);
  }

  /** The ballots in force. */
  get inForce(): readonly Ballot[] {
    return this.current.map(inForce);
  }

  get counting(): boolean {
    return this.reserved.size > 0;
  }

  /** Teams that still have a free seat, sorted: search attribute and card. */
  get waitingFor(): readonly string[] {
    const teams = this.current
      .filter((open) => open.status === 'open' && open.ballot.purpose === undefined)
      .flatMap((open) => seatsIn(open).free.flatMap(teamsOf));
    return [...new Set(teams)].sort();
  }

  get rejection(): Vote | undefined {
    return this.votes.find((vote) => vote.decision === 'reject');
  }

  /** Approvals that people are asked for now. */
  get openBallots(): readonly Ballot[] {
    return this.current.filter((open) => open.status === 'open' && open.ballot.purpose === undefined).map(inForce);
  }

  /** Why this vote cannot count now, if so. Synchronous and read-only: it is the Update's validator too. */
  objection(relayed: Relayed<VoteBody> | undefined): VoteRefusal | undefined {
    const body = relayed?.body;
    if (!body || typeof relayed.signature !== 'string' || relayed.signature.length === 0) return 'bad_signature';
    if (this.work === 'finished') return 'finished';
    const open = this.ballots.find((candidate) => candidate.ballot.id === body.ballotId);
    if (!open || open.status === 'void') return 'other_ballot';
    if (open.ballot.digest !== body.ballotDigest) return 'other_digest';
    if (open.status === 'expired' || (open.status === 'open' && Date.now() >= open.expiresAt)) return 'expired';
    const takes = this.takes(open);
    if (takes === 'nothing' || (takes === 'rejections' && body.decision === 'approve')) {
      if (this.repeats(open, body)) return undefined;
      return body.decision === 'reject' && this.work === 'begun' ? 'begun' : 'closed';
    }
    if (body.decision === 'reject' && open.ballot.purpose !== undefined) return 'no_rejection';
    const wantsReason =
      body.decision === 'reject' || (body.decision === 'approve' && open.ballot.purpose !== undefined);
    if (wantsReason && !body.reason?.trim()) return 'reason_missing';
    if (body.decision === 'withdraw' && !this.repeats(open, body)) {
      if (open.ballot.purpose === 'review') return 'closed';
      if (this.settled) return 'withdrawn_late';
      if (!open.votes.some((vote) => vote.decision === 'approve' && isOf(open, vote, body.by)))
        return 'nothing_to_withdraw';
    }
    if (this.reserved.has(reservation(body))) return 'checking';
    return open.ballot.excluded.find((excluded) => excluded.id === body.by)?.because;
  }

  /** Throws the objection as a failure whose type is its code: the clicker's bot turns it into a sentence. */
  validate(relayed: Relayed<VoteBody>): void {
    const code = this.objection(relayed);
    if (code) throw ApplicationFailure.create({ message: code, type: code, nonRetryable: true });
  }

  /** Counts a vote, or says why not. The same path for the Update and for the signal that stands in for it. */
  async cast(relayed: Relayed<VoteBody>, known?: Relayed<KnownPerson>): Promise<VoteAnswer> {
    const twin = this.twin(relayed);
    if (twin) return { kind: 'already', stillNeeded: stillNeeded(twin) };
    const refused = this.objection(relayed);
    if (refused) return { kind: 'refused', code: refused };
    const { body } = relayed;
    const open = this.ballots.find((candidate) => candidate.ballot.id === body.ballotId)!;
    if (this.repeats(open, body)) return { kind: 'already', stillNeeded: stillNeeded(open) };
    this.reserved.set(reservation(body), body.actionId);
    const check = await this.check(open, relayed, known).finally(() => this.reserved.delete(reservation(body)));
    if (check.kind === 'refused') return check;
    const moved = this.objection(relayed);
    if (moved) return { kind: 'refused', code: moved };
    return this.count(open, body, check);
  }

  /** The ballot for which this very vote is being checked: it came by Update and by the signal that stands in for it. */
  private twin(relayed: Relayed<VoteBody> | undefined): OpenBallot | undefined {
    const body = relayed?.body;
    if (!body || this.reserved.get(reservation(body)) !== body.actionId) return undefined;
    return this.ballots.find(({ ballot }) => ballot.id === body.ballotId);
  }

  private async check(open: OpenBallot, vote: Relayed<VoteBody>, known: Relayed<KnownPerson> | undefined) {
    const asked = { vote, ballot: inForce(open), maxAgeMs: this.timings.voterMaxAgeMs };
    const atOnce = known && (await this.checkKnown({ ...asked, known }));
    if (atOnce) return atOnce;
    try {
      return await checking(this.timings, ({ checkVote }) => checkVote(asked));
    } catch (error) {
      if (isCancellation(error)) throw error;
      return { kind: 'refused', code: 'lookup_failed' } as const;
    }
  }

  /** On the spot, if what the bot knew of the voter suffices. */
  private async checkKnown(asked: Parameters<WorkerActivities['checkKnownVoter']>[0]) {
    try {
      const check = await onTheSpot(this.timings).checkKnownVoter(asked);
      return check.kind === 'ok' ? check : undefined;
    } catch (error) {
      if (isCancellation(error)) throw error;
      return undefined;
    }
  }

  private count(open: OpenBallot, body: VoteBody, check: Extract<VoterCheck, { kind: 'ok' }>): VoteAnswer {
    const excluded = open.ballot.excluded.find((candidate) => candidate.id === check.person);
    if (excluded) return { kind: 'refused', code: excluded.because };
    const before = open.votes.find((vote) => vote.person === check.person);
    if (before && !isNewer(body, before)) return { kind: 'already', stillNeeded: stillNeeded(open) };
    const vote: Vote = {
      ballotId: open.ballot.id,
      by: body.by,
      person: check.person,
      decision: body.decision,
      reason: body.reason,
      actionId: body.actionId,
      at: instant(),
      teams: check.teams,
      ...(check.sitsInFor && { sitsInFor: check.sitsInFor }),
      ...(open.ballot.secondFactor && body.secondFactor && { secondFactor: { at: body.secondFactor.at } }),
    };
    const votes = [...open.votes.filter((other) => other.person !== check.person), vote];
    const seat = Object.entries(seatsIn({ ...open, votes }).assigned).find(
      ([, person]) => person === check.person,
    )?.[0];
    if (vote.decision === 'approve' && seat === undefined && open.ballot.order === 'sequence')
      return { kind: 'refused', code: 'not_your_turn' };
    if (before?.decision === vote.decision) return { kind: 'already', stillNeeded: stillNeeded(open) };
    open.votes = votes;
    if (vote.decision === 'reject') open.status = 'rejected';
    else if (seatsIn(open).complete) open.status = 'filled';
    else this.reopen(open);
    const answer = { kind: 'counted', decision: vote.decision, seat, stillNeeded: stillNeeded(open) } as const;
    this.events.counted(vote, answer, open.ballot);
    return answer;
  }

  private takes({ status }: OpenBallot) {
    return ballotTakes({ status, work: this.work });
  }

  /** An equal vote of the same person: silent, whatever has happened since. */
  private repeats(open: OpenBallot, body: VoteBody): boolean {
    return open.votes.some((vote) => vote.by === body.by && vote.decision === body.decision);
  }

  /** Takes back votes of people who may no longer vote; the ballots that lose a seat are open again. */
  drop(fallen: readonly { readonly by: string }[]): void {
    for (const open of this.current) {
      open.votes = open.votes.filter((vote) => !fallen.some(({ by }) => by === vote.by));
      if (!seatsIn(open).complete) this.reopen(open);
    }
  }

  private reopen(open: OpenBallot): void {
    if (open.status === 'filled') restart(open, Date.now());
  }

  /** Takes what time has brought: ballots that ran out, and steps of their ladders; gives whom to call now. */
  tick(): readonly Call[] {
    const now = Date.now();
    return this.current.flatMap((open) => {
      if (open.status !== 'open') return [];
      if (now >= open.expiresAt) open.status = 'expired';
      const { taken, calls } = climb(open, now);
      for (const rung of taken) if (rung.does !== 'remind') this.events.climbed(open.ballot, rung);
      return calls;
    });
  }

  /** The next instant (ms) at which `tick` has something to say. */
  get nextDeadline(): number {
    return Math.min(Infinity, ...this.current.filter((open) => open.status === 'open').map(nextInstant));
  }

  view(): readonly BallotView[] {
    return this.current.map((open) => ballotView(open, this.takes(open)));
  }
}

function opened(ballot: Ballot, now: number): OpenBallot {
  return {
    ballot,
    openedAt: now,
    expiresAt: now + ballot.timeoutMs,
    status: ballot.seats.length === 0 ? 'filled' : 'open',
    votes: [],
    rungs: 0,
    widened: [],
    putOff: [],
  };
}

function seatsIn(open: Pick<OpenBallot, 'ballot' | 'widened' | 'votes'>): SeatAssignment {
  return assignSeats({ ballot: inForce(open), votes: open.votes });
}

function isAmong(ballots: readonly Ballot[], { id }: Ballot): boolean {
  return ballots.some((ballot) => ballot.id === id);
}

function stillNeeded(open: OpenBallot): readonly string[] {
  return seatsIn(open).free.map((seat) => seat.team);
}

function isOf({ ballot }: OpenBallot, vote: Vote, account: string): boolean {
  return vote.by === account || vote.person === personIn(ballot, account);
}

function reservation(body: VoteBody): string {
  return `${body.ballotId} ${body.by}`;
}

/** The newest action counts. Slack's action ids are timestamps, so they order clicks that arrive out of order. */
function isNewer(body: VoteBody, counted: Vote): boolean {
  const [mine, theirs] = [Number(body.actionId), Number(counted.actionId)];
  if (Number.isFinite(mine) && Number.isFinite(theirs)) return mine > theirs;
  return body.actionId !== counted.actionId;
}
