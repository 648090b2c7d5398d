import type { Ballot, Vote } from '../../approvals/ballot';
import { assignSeats } from '../../approvals/seats';
import { membership, type Context } from '../context';
import { excludedAccounts } from '../people';
import { seatsFor, type Wanted } from './wanted';

/** Where an approval stands at the instant asked about, by the votes that the world tells. */
export interface Stand {
  /** People by what is wanted, in its order. */
  readonly filled: readonly (readonly string[])[];
  readonly complete: boolean;
  /** Accounts that rejected it and could: it does not run, whoever else approves. */
  readonly rejectedBy: readonly string[];
}

/** A vote counts by who was in which team, and on call, when it was given; one of later does not count yet. */
export function standOf(
  context: Context,
  asked: {
    readonly wanted: readonly Wanted[];
    readonly order: 'parallel' | 'sequence';
    readonly teams: Ballot['teams'];
  },
): Stand {
  const { wanted } = asked;
  const ballot = ballotNow(context, asked);
  const names = [...new Set(wanted.flatMap((one) => one.teams))];
  const votes = inTurn(ballot, votesUntilNow({ ...context, excluded: ballot.excluded }, names));
  const { assigned, complete } = assignSeats({ ballot, votes });
  let next = 0;
  const filled = wanted.map(({ count }) => {
    const own = ballot.seats.slice(next, (next += count));
    return own.flatMap(({ id }) => assigned[id] ?? []);
  });
  const excluded = new Set(ballot.excluded.map(({ id }) => id));
  const rejections = votes.filter(
    ({ decision, teams, by, person }) =>
      decision === 'reject' && teams.length > 0 && !excluded.has(by) && !excluded.has(person),
  );
  return { filled, complete, rejectedBy: [...new Set(rejections.map(({ by }) => by))] };
}

function ballotNow({ policy, request }: Context, { wanted, order, teams }: Parameters<typeof standOf>[1]): Ballot {
  const asker = request.requester;
  return {
    id: 'now',
    digest: '',
    rule: '',
    seats: seatsFor(wanted),
    teams,
    order,
    excluded: excludedAccounts({
      people: policy.people,
      requester: asker.kind === 'person' ? asker.id : undefined,
      authors: request.authors,
    }),
    persons: policy.people.aliases,
    timeoutMs: 0,
    ladder: [],
    channels: [],
    oneClick: false,
  };
}

/** One seat after the other: an approval that had no seat when it was given was refused, and does not count later. */
function inTurn(ballot: Ballot, votes: readonly Vote[]): readonly Vote[] {
  if (ballot.order !== 'sequence') return votes;
  return votes.reduce<readonly Vote[]>((taken, vote) => {
    const all = [...taken.filter(({ person }) => person !== vote.person), vote];
    const sits = Object.values(assignSeats({ ballot, votes: all }).assigned).includes(vote.person);
    return vote.decision === 'reject' || sits ? all : taken;
  }, []);
}

function votesUntilNow(context: Context & Pick<Ballot, 'excluded'>, names: readonly string[]): readonly Vote[] {
  const { policy, world, now } = context;
  return (world.votes ?? [])
    .map((vote) => ({ vote, at: new Date(vote.at) }))
    .filter(({ at }) => at <= now)
    .sort((one, other) => one.at.getTime() - other.at.getTime())
    .map(({ vote, at }) => ({
      ...vote,
      ballotId: 'now',
      person: policy.people.personOf(vote.by),
      actionId: '',
      teams: names.filter((team) => membership({ ...context, now: at }, [team], vote.by) === 'yes'),
    }));
}
