import { randomUUID } from 'node:crypto';
import { Refusal } from '../../errors';
import { apiOf, type View } from './api';
import { printJson, type AddCommand, type ExitCode } from './command';
import type { Io } from './io';
import { relayedSentence, type Relayed } from './vote';

interface Act {
  readonly name: string;
  readonly kind: string;
  readonly undo?: 'no';
  readonly summary: string;
  readonly reason: 'none' | 'optional' | 'required';
}

/** What people press on a card. */
const acts: readonly Act[] = [
  { name: 'cancel', kind: 'cancel', summary: 'Take back a request that has not begun', reason: 'none' },
  { name: 'abort', kind: 'abort', summary: 'Stop what runs and undo what it did', reason: 'optional' },
  { name: 'finish-watch', kind: 'finish_watch', summary: 'End the watch early, as a success', reason: 'none' },
  { name: 'pause', kind: 'pause', summary: 'Hold it before its next step', reason: 'none' },
  { name: 'resume', kind: 'resume', summary: 'Let it go on', reason: 'none' },
  { name: 'retry-step', kind: 'retry_step', summary: 'Try the step again that failed and asks', reason: 'none' },
  { name: 'skip-step', kind: 'skip_step', summary: 'Pass over the step that failed and asks', reason: 'none' },
  { name: 'stop-here', kind: 'abort', undo: 'no', summary: 'Stop it and leave what it did', reason: 'required' },
  { name: 'retry-undo', kind: 'retry_undo', summary: 'Try the undo that failed once more', reason: 'required' },
  { name: 'done-by-hand', kind: 'done_by_hand', summary: 'Say that the undo was done by hand', reason: 'required' },
  { name: 'leave-it', kind: 'leave_it', summary: 'Leave things as they are', reason: 'required' },
];

/** They decide about a step or an undo, which may be named. */
const answering = ['retry_step', 'skip_step', 'retry_undo', 'done_by_hand', 'leave_it'];

interface Given {
  readonly reason?: string;
  readonly question?: string;
  readonly json?: boolean;
}

export const addActs: AddCommand = (program, { io, ends }) => {
  addSignal(program, { io, ends });
  for (const { name, kind, undo, summary, reason } of acts) {
    const command = program.command(name).description(summary).argument('<id>', 'the operation');
    if (reason === 'required') command.requiredOption('--reason <text>', 'why; it is kept');
    if (reason === 'optional') command.option('--reason <text>', 'why; it is kept');
    if (answering.includes(kind))
      command.option('--question <id>', 'only if this is what is asked, as in "question" of show --json');
    command.option('--json', 'print JSON').action(
      ends(async (id: string, { json, ...given }: Given): Promise<ExitCode> => {
        return doAct(io, { id, act: { kind, ...(undo && { undo }), ...given }, json });
      }),
    );
  }
};

const addSignal: AddCommand = (program, { io, ends }) => {
  program
    .command('signal')
    .description('Give an operation the signal that one of its steps waits for')
    .argument('<id>', 'the operation')
    .argument('<name>', 'the signal')
    .option('--payload <json>', 'what comes with it, as a JSON object')
    .option('--json', 'print JSON')
    .action(
      ends((id: string, name: string, given: { readonly payload?: string; readonly json?: boolean }) => {
        const payload = given.payload === undefined ? undefined : objectIn(given.payload);
        const act = { kind: 'signal', name, ...(payload === undefined ? {} : { payload }) };
        return doAct(io, { id, act, json: given.json });
      }),
    );
};

function objectIn(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Said below.
  }
  throw new Refusal('bad_request', '--payload has to be a JSON object, as in {"order": 42}.');
}

async function doAct(
  io: Io,
  { id, act, json }: { readonly id: string; readonly act: object; readonly json: boolean | undefined },
): Promise<ExitCode> {
  const api = apiOf(io);
  const { id: full } = await api.get<View>(`/operations/${encodeURIComponent(id)}`);
  const relayed = await api.post<Relayed>(`/operations/${encodeURIComponent(full)}/acts`, { act, key: randomUUID() });
  if (json) printJson(io, relayed);
  else io.out(relayedSentence(relayed));
  return 0;
}
