import { randomUUID } from 'node:crypto';
import { Argument } from 'commander';
import type { BallotView } from '../../operation/view';
import { apiOf, type View } from './api';
import { BadInput, Failed, printJson, type AddCommand, type ExitCode } from './command';
import { isIncident, shortDigest } from './words';

interface Options {
  readonly digest?: string;
  readonly ballot?: string;
  readonly reason?: string;
  readonly code?: string;
  readonly json?: boolean;
}

/** What the API says of a vote or an act. */
export interface Relayed {
  readonly kind: 'counted' | 'kept';
  readonly sentence?: string;
}

export const addVote: AddCommand = (program, { io, ends }) => {
  program
    .command('vote')
    .description('Approve or reject what waits for you')
    .addArgument(new Argument('<decision>').choices(['approve', 'reject']))
    .argument('<id>', 'the operation')
    .option('--digest <digest>', 'what you approve, as "signalbox show" prints it')
    .option('--ballot <id>', 'which ballot, when several are open')
    .option('--reason <text>', 'why; a rejection needs it')
    .option('--code <digits>', 'the code of your authenticator, where the approval asks for one')
    .option('--json', 'print JSON')
    .action(
      ends(async (decision: 'approve' | 'reject', id: string, options: Options): Promise<ExitCode> => {
        const api = apiOf(io);
        const view = await api.get<View>(`/operations/${encodeURIComponent(id)}`);
        if (isIncident(view)) throw new BadInput(`${id} is an incident, and nobody votes on incidents.`);
        const ballot = meant(view.ballots, { decision, named: options.ballot, id });
        if (decision === 'reject' && !options.reason?.trim())
          throw new BadInput('A rejection needs a reason, so that whoever asked knows what to change: add --reason.');
        if (decision === 'approve') {
          checkDigest(ballot, id, options.digest);
          if (ballot.secondFactor && options.code === undefined)
            throw new BadInput('This approval takes a code from your authenticator: add --code with its six digits.');
        }
        const relayed = await api.post<Relayed>(`/operations/${encodeURIComponent(view.id)}/votes`, {
          ballot: ballot.id,
          digest: ballot.digest,
          decision,
          ...(options.reason === undefined ? {} : { reason: options.reason }),
          ...(options.code === undefined ? {} : { code: options.code }),
          key: randomUUID(),
        });
        if (options.json) printJson(io, relayed);
        else io.out(relayedSentence(relayed));
        return 0;
      }),
    );
};

function meant(
  ballots: readonly BallotView[],
  asked: { readonly decision: 'approve' | 'reject'; readonly named: string | undefined; readonly id: string },
): BallotView {
  const { decision, named, id } = asked;
  const takers = decision === 'approve' ? ['votes'] : ['votes', 'rejections'];
  const open = ballots.filter(
    (ballot) =>
      ballot.purpose === undefined && takers.includes(ballot.takes) && (named === undefined || ballot.id === named),
  );
  const [only, ...others] = open;
  if (only === undefined) throw new Failed(`Nothing of ${id} waits for a vote${named ? ` under ${named}` : ''}.`);
  if (others.length === 0) return only;
  const listed = open.map((ballot) => `${ballot.id} ("${ballot.rule}")`).join(', ');
  throw new BadInput(`Several ballots are open; say which with --ballot: ${listed}.`);
}

/** An approval binds to what was shown (law 2), so whoever approves says what they saw. */
function checkDigest({ digest }: BallotView, id: string, seen: string | undefined): void {
  if (seen === undefined)
    throw new BadInput(
      `Say what you approve: read "signalbox show ${id}", then add --digest ${shortDigest(digest)} if you agree.`,
    );
  if (seen.length < 10 || !digest.startsWith(seen.toLowerCase()))
    throw new Failed(
      `What waits now is ${shortDigest(digest)} and not ${seen.slice(0, 12)}: it has changed since you looked, so nothing was counted. Read it again with "signalbox show ${id}".`,
    );
}

export function relayedSentence(relayed: Relayed): string {
  return relayed.sentence ?? 'It is kept, and counted as soon as a worker answers.';
}
