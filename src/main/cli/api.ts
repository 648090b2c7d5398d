import type { IncidentView } from '../../incidents/incident';
import type { OperationView } from '../../operation/view';
import type { Config } from '../../config';
import { Failed, settingsOf, type ExitCode } from './command';
import type { Io } from './io';

export type View = OperationView | IncidentView;

/** The bot said no, or did not answer. `status` is its HTTP status; 0 when nothing answered. */
export class ApiFailure extends Failed {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message, exitCodes[status] ?? 1);
  }

  /** Whether the same call may work in a moment. */
  get isPassing(): boolean {
    return this.status === 0 || this.status >= 500;
  }
}

const exitCodes: { readonly [status: number]: ExitCode } = { 400: 2, 401: 78, 413: 2 };
const callTimeoutMs = 30_000;

/** The bot's HTTP API, as the caller that SIGNALBOX_TOKEN says. */
export interface Api {
  get<Answer>(path: string): Promise<Answer>;
  post<Answer>(path: string, body: unknown): Promise<Answer>;
}

export function apiOf(io: Io): Api {
  const config = settingsOf(io, ['SIGNALBOX_URL', 'SIGNALBOX_TOKEN']);
  return {
    get: (path) => call(config, { path, method: 'GET' }),
    post: (path, body) => call(config, { path, method: 'POST', body }),
  };
}

async function call<Answer>(
  { SIGNALBOX_URL: base, SIGNALBOX_TOKEN: token }: Config,
  asked: { readonly path: string; readonly method: 'GET' | 'POST'; readonly body?: unknown },
): Promise<Answer> {
  const url = `${base!.replace(/\/+$/, '')}/api/v1${asked.path}`;
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method: asked.method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(asked.body === undefined ? {} : { body: JSON.stringify(asked.body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(callTimeoutMs),
    });
    text = await response.text();
  } catch (error) {
    throw new ApiFailure(
      0,
      `The bot at ${base} does not answer (${reasonOf(error)}); check SIGNALBOX_URL and that it runs.`,
    );
  }
  const body = jsonOf(text);
  if (response.ok && body !== undefined) return body as Answer;
  const said = (body as { readonly error?: { readonly message?: unknown } } | undefined)?.error?.message;
  if (typeof said === 'string') throw new ApiFailure(response.status, said);
  throw new ApiFailure(
    response.status,
    `What answers at ${base} is not Signalbox (HTTP ${response.status}); set SIGNALBOX_URL to the bot's address.`,
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  const { cause, message } = error as Error & { readonly cause?: NodeJS.ErrnoException };
  return cause?.code ?? cause?.message ?? message;
}
