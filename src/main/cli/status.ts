import { randomUUID } from 'node:crypto';
import type { Answer } from '../../../bot/answers';
import { apiOf } from './api';
import { Failed, printJson, type AddCommand, type ExitCode } from './command';
import { statusLines } from './words';

export const addStatus: AddCommand = (program, { io, ends }) => {
  program
    .command('status')
    .description('List what is under way, what waits and for whom')
    .option('--json', 'print JSON')
    .action(
      ends(async ({ json }: { readonly json?: boolean }): Promise<ExitCode> => {
        const answer = await apiOf(io).post<Answer>('/commands', { text: 'signalbox status', key: randomUUID() });
        if (answer.kind !== 'status')
          throw new Failed('The bot answered something else; it may be of another version.');
        if (json) printJson(io, answer.status);
        else for (const line of statusLines(answer.status)) io.out(line);
        return 0;
      }),
    );
};
