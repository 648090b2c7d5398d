import { setTimeout as sleep } from 'node:timers/promises';
import { finishedStates, type OperationView } from '../../operation/view';
import { operationLook } from '../../messages/states';
import { ApiFailure, type Api } from './api';
import type { ExitCode } from './command';
import type { Io } from './io';
import { operationLines } from './words';

/** How long an operation that was handed over may stay unknown before that is an error, ms. */
const unknownForMs = 120_000;

export interface Followed {
  readonly ended: ExitCode;
  readonly view?: OperationView;
}

/**
 * Follows an operation until it has ended and says each change of state. Ctrl-C ends the following and nothing else.
 * A bot that is away for a while is waited for.
 */
export async function follow(
  { io, api, quiet = false }: { readonly io: Io; readonly api: Api; readonly quiet?: boolean },
  asked: { readonly id: string; readonly kept?: boolean },
): Promise<Followed> {
  const interrupted = io.interrupted();
  const say = (text: string) => (quiet ? undefined : io.out(text));
  const since = io.now().getTime();
  let said = '';
  let away = false;
  let view: OperationView | undefined;
  while (!interrupted.aborted) {
    try {
      view = await api.get<OperationView>(`/operations/${encodeURIComponent(asked.id)}`);
      away = false;
      const line = stateLine(view);
      if (line !== said) say(line);
      said = line;
      if (finishedStates.includes(view.state)) return { ended: view.state === 'succeeded' ? 0 : 1, view };
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      const notYet = error.status === 404 && (asked.kept === true || io.now().getTime() - since < unknownForMs);
      if (!notYet && !error.isPassing) throw error;
      if (error.isPassing && !away) io.err(`${error.message} The operation goes on; trying again.`);
      away = error.isPassing;
    }
    await sleep(io.pollMs, undefined, { signal: interrupted }).catch(() => undefined);
  }
  io.err(
    `Stopped following; ${asked.id} goes on. Follow it with "signalbox show ${asked.id}", or end it with "signalbox cancel ${asked.id}".`,
  );
  return { ended: 130, view };
}

/** `Waiting: one of security_team is still needed.` */
function stateLine(view: OperationView): string {
  const { words } = operationLook(view.state);
  const [, ...detail] = operationLines(view, 'short');
  return [`${words}.`, ...detail].join(' ');
}
