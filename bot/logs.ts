import type { AskedOf } from '../src/commands/asked';
import { LogStoreAway } from '../src/errors';
import type { LogShown } from '../src/messages/log-view';
import { shortIdIn } from '../src/operation/ids';
import type { OperationView } from '../src/operation/view';
import type { Answer, AnswerDeps } from './answers';
import type { LogAccess, LogEntry } from './deps';
import { linkToLog } from './log-links';
import { fullIdOf, viewOf } from './looks';
import type { AskedFrom } from './requests';
import { refused } from './said';
import { bounded } from './temporal';

export type LogDeps = Pick<AnswerDeps, 'temporal' | 'waits' | 'logs' | 'relayKey' | 'now' | 'log'>;

/** So much of the end of a log is read; what a message shows is less. */
const tailBytes = 16 * 1024;
/** How long the store may take, ms. */
const storeMs = 8_000;

/** `/signalbox logs`: the end of one log of an operation, and which others there are. */
export async function answerAboutLogs(deps: LogDeps, asked: AskedOf<'logs'>, from: AskedFrom): Promise<Answer> {
  const { requester } = from;
  const id = await fullIdOf(deps, asked.id);
  if (id === undefined) return refused('not_found', `No operation ${asked.id} is known; give its whole id.`);
  const view = await viewOf<OperationView>(deps, id);
  const by = requester.kind === 'person' ? { person: requester.id } : { machine: requester.id };
  return logOf(deps, { id, view, by, ...(asked.step === undefined ? {} : { step: asked.step }) });
}

type LogAnswer = Extract<Answer, { kind: 'log' } | { kind: 'refused' }>;

interface LogAsked {
  /** Whole id of the operation. */
  readonly id: string;
  readonly view: OperationView | undefined;
  readonly by: { readonly person: string } | { readonly machine: string };
  /** Path of a step; the one that says the most when absent. */
  readonly step?: string;
  /** Absent: the log of the step itself goes before that of its undo. */
  readonly mode?: 'undo';
  /** Place in the list of its logs, from 0; goes before `step`. */
  readonly place?: number;
}

/** One log for somebody who may read it, or a sentence why not. */
export async function logOf(deps: LogDeps, asked: LogAsked): Promise<LogAnswer> {
  const { logs } = deps;
  if (!logs) return refused('bad_request', 'This bot has no store of logs; whoever runs Signalbox can set LOG_STORE.');
  const objection = await objectionTo(logs, asked);
  if (objection !== undefined) return refused('bad_request', objection);
  try {
    const all = await bounded(logs.store.list(asked.id), storeMs);
    const place = placeIn(all, asked);
    const entry = all[place];
    if (entry === undefined) return refused('not_found', noneOf(asked));
    const text = await bounded(logs.store.tail(entry.key, tailBytes), storeMs);
    return { kind: 'log', log: shown(deps, { ...asked, all, place, entry, text }) };
  } catch (error) {
    if (error instanceof LogStoreAway) return refused('away', error.message);
    deps.log.warn({ err: error }, 'a log could not be read');
    return refused('away', 'The store of the logs does not answer in time; try again in a minute.');
  }
}

/** A machine reads what it asked for itself; a person what they have a say in. */
async function objectionTo(logs: LogAccess, { by, view }: LogAsked): Promise<string | undefined> {
  if ('person' in by) return logs.whyNotRead({ person: by.person, ...(view && { view }) });
  if (view?.requester.kind === 'machine' && view.requester.id === by.machine) return undefined;
  return 'This machine did not ask for that operation, so its logs are not shown to it.';
}

/**
 * The newest log of the step that is meant; of no step, of the one whose log says the most. What an undo wrote comes
 * later and says less about what went wrong, so it is shown only where it is meant, or where there is nothing else.
 */
function placeIn(all: readonly LogEntry[], { step, mode, place, view }: LogAsked): number {
  if (place !== undefined) return place;
  const wanted = step ?? view?.log;
  const meant = step === undefined ? view?.logMode : mode;
  const isOf = (log: LogEntry): boolean =>
    log.step === wanted || log.step.startsWith(`${wanted}/`) || log.step.startsWith(`${wanted}[`);
  const isUndo = (log: LogEntry): boolean => log.mode === 'undo' || log.step.startsWith(`${wanted}/undo/`);
  const isMeant = (log: LogEntry): boolean => isOf(log) && isUndo(log) === (meant === 'undo');
  const found =
    wanted === undefined ? undefined : [isMeant, isOf].map((is) => all.findLastIndex(is)).find((at) => at >= 0);
  return found ?? (step !== undefined ? -1 : all.length - 1);
}

function noneOf({ id, step }: LogAsked): string {
  const what = step === undefined ? shortIdIn(id) : `${step.slice(0, 100)} of ${shortIdIn(id)}`;
  return `There is no log of ${what}: its steps ran no program, policy keeps logs no longer, or LOG_STORE of the bot is not that of the runner.`;
}

function shown(
  deps: LogDeps,
  of: LogAsked & {
    readonly all: readonly LogEntry[];
    readonly place: number;
    readonly entry: LogEntry;
    readonly text: string;
  },
): LogShown {
  const { id, view, all, place, entry, text, by } = of;
  const reader = 'person' in by ? by.person : by.machine;
  const link = linkToLog(deps, { key: entry.key, by: reader });
  deps.log.info({ operation: id, log: entry.key, by: reader }, 'a log is shown');
  return {
    operation: id,
    ...(view === undefined ? {} : { title: view.title }),
    logs: all.map(({ step, mode, attempt, bytes }) => ({ step, mode, attempt, bytes })),
    place,
    text,
    isWhole: Buffer.byteLength(text) >= entry.bytes,
    ...(link === undefined ? {} : { link }),
  };
}
