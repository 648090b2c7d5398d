import { defineSignal, defineUpdate, setHandler } from '@temporalio/workflow';
import type { VoteAnswer, VoteBody } from '../src/approvals/ballot';
import type { KnownPerson } from '../src/operation/asker';
import type { Relayed } from '../src/operation/request';
import type { BallotBox } from './ballot-box';
import { VOTE_SIGNAL, VOTE_UPDATE } from './contract';
import type { Courier } from './courier';

/** What is voted on. Box and courier are asked for at each vote, since they may have become others by then. */
interface VotedOn {
  readonly title: string;
  readonly box: Pick<BallotBox, 'cast' | 'validate'>;
  readonly courier: Pick<Courier, 'send'>;
}

type Cast = (vote: Relayed<VoteBody>, known?: Relayed<KnownPerson>) => Promise<VoteAnswer>;

/** Both ways in which a vote comes. To be called before the first await, since messages may come first. */
export function hearVotes(
  about: VotedOn,
  /** How a vote gets into the box; `castUpdate` where an Update takes another way than a signal. */
  ways: { readonly cast?: Cast; readonly castUpdate?: Cast } = {},
): void {
  const { cast = (vote, known) => about.box.cast(vote, known), castUpdate = cast } = ways;
  setHandler(
    defineUpdate<VoteAnswer, [Relayed<VoteBody>, Relayed<KnownPerson> | undefined]>(VOTE_UPDATE),
    (vote, known) => castUpdate(vote, known),
    { validator: (vote, _known) => about.box.validate(vote) },
  );
  setHandler(defineSignal<[Relayed<VoteBody>]>(VOTE_SIGNAL), async (vote) => tellVoter(about, vote, await cast(vote)));
}

/**
 * Only what does not count is told: the card shows the rest. A signal stands in for an Update that no worker answered;
 * both may arrive, and the second changes and says nothing.
 */
export function tellVoter({ courier, title }: Omit<VotedOn, 'box'>, vote: Relayed<VoteBody>, said: VoteAnswer): void {
  if (said.kind !== 'refused' || said.code === 'bad_signature') return;
  const to = { kind: 'private', user: vote.body.by, channel: vote.body.channel } as const;
  courier.send(to, { kind: 'vote_answer', title, answer: said });
}
