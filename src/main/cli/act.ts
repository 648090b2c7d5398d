import { randomUUID } from 'node:crypto';
import { apiOf, type View } from './api';
import { printJson, type AddCommand, type ExitCode } from './command';
import { relayedSentence, type Relayed } from './vote';

interface Act {
  readonly name: string;
  readonly kind: string;
  readonly summary: string;
  readonly reason: 'none' | 'optional' | 'required';
}

/** What people press on a card. */
const acts: readonly Act[] = [
  { name: 'cancel', kind: 'cancel', summary: 'Take back a request that has not begun', reason: 'none' },
  { name: 'abort', kind: 'abort', summary: 'Stop what runs and undo what it did', reason: 'optional' },
  { name: 'finish-watch', kind: 'finish_watch', summary: 'End the watch early, as a success', reason: 'none' },
  { name: 'retry-undo', kind: 'retry_undo', summary: 'Try the undo that failed once more', reason: 'required' },
  { name: 'done-by-hand', kind: 'done_by_hand', summary: 'Say that the undo was done by hand', reason: 'required' },
  { name: 'leave-it', kind: 'leave_it', summary: 'Leave things as they are', reason: 'required' },
];

export const addActs: AddCommand = (program, { io, ends }) => {
  for (const { name, kind, summary, reason } of acts) {
    const command = program.command(name).description(summary).argument('<id>', 'the operation');
    if (reason === 'required') command.requiredOption('--reason <text>', 'why; it is kept');
    if (reason === 'optional') command.option('--reason <text>', 'why; it is kept');
    command.option('--json', 'print JSON').action(
      ends(async (id: string, given: { readonly reason?: string; readonly json?: boolean }): Promise<ExitCode> => {
        const api = apiOf(io);
        const { id: full } = await api.get<View>(`/operations/${encodeURIComponent(id)}`);
        const relayed = await api.post<Relayed>(`/operations/${encodeURIComponent(full)}/acts`, {
          act: { kind, ...(given.reason === undefined ? {} : { reason: given.reason }) },
          key: randomUUID(),
        });
        if (given.json) printJson(io, relayed);
        else io.out(relayedSentence(relayed));
        return 0;
      }),
    );
  }
};
