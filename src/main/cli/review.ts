import { randomUUID } from 'node:crypto';
import { reviewId } from '../../../workflows/contract';
import { apiOf, type View } from './api';
import { BadInput, Failed, printJson, type AddCommand, type ExitCode } from './command';
import { relayedSentence, type Relayed } from './vote';
import { isIncident } from './words';

interface Options {
  readonly reason: string;
  readonly json?: boolean;
}

export const addReview: AddCommand = (program, { io, ends }) => {
  program
    .command('review')
    .description('Close the review of a break-glass that somebody else did')
    .argument('<id>', 'the operation')
    .requiredOption('--reason <text>', 'what you found; it is kept')
    .option('--json', 'print JSON')
    .action(
      ends(async (id: string, { reason, json }: Options): Promise<ExitCode> => {
        if (!reason.trim()) throw new BadInput('Say what you found; it is kept in the record: add --reason.');
        const api = apiOf(io);
        const { id: full } = await api.get<View>(`/operations/${encodeURIComponent(id)}`);
        const review = full.startsWith(reviewId('')) ? full : reviewId(full);
        const view = await api.get<View>(`/operations/${encodeURIComponent(review)}`);
        const ballot = isIncident(view) ? undefined : view.ballots.find(({ takes }) => takes === 'votes');
        if (!ballot) throw new Failed(`The review of ${id} is closed already.`);
        const relayed = await api.post<Relayed>(`/operations/${encodeURIComponent(review)}/votes`, {
          ballot: ballot.id,
          digest: ballot.digest,
          decision: 'approve',
          reason,
          key: randomUUID(),
        });
        if (json) printJson(io, relayed);
        else io.out(relayedSentence(relayed));
        return 0;
      }),
    );
};
