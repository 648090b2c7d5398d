import { isIP } from 'node:net';
import { createTransport } from 'nodemailer';
import type { SmtpConnection } from '../../src/connections/schema';
import { formatDuration } from '../../src/runbooks/duration';
import { StepError, StepFailed } from '../steps/outcomes';
import { addressOf } from './address-guard';

export interface SmtpEndpoint {
  readonly connection: SmtpConnection;
  readonly password?: string;
  /** The whole dialogue, ms. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

export interface Mail {
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly messageId: string;
}

/** Gives one mail to a server. Throws `StepError` for what may pass, `unsent` where the mail itself never left. */
export async function sendMail(endpoint: SmtpEndpoint, mail: Mail): Promise<void> {
  const { connection, limitMs, signal } = endpoint;
  signal.throwIfAborted();
  const transport = createTransport(await optionsOf(endpoint));
  let stop: (why: unknown) => void = () => undefined;
  const over = new Promise<never>((_, reject) => (stop = reject));
  over.catch(() => undefined);
  const onAbort = (): void => stop(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(() => stop(new TimedOut()), limitMs);
  const sending = transport.sendMail({
    from: connection.from,
    to: [...mail.to],
    cc: [...mail.cc],
    subject: mail.subject,
    text: mail.text,
    messageId: mail.messageId,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  sending.catch(() => undefined);
  try {
    const { rejected } = await Promise.race([sending, over]);
    if (rejected.length === 0) return;
    const names = rejected.map(String).join(', ');
    throw new StepFailed(`The mail server ${connection.name} took the mail, but not for ${names}.`);
  } catch (error) {
    if (signal.aborted || error instanceof StepFailed) throw error;
    throw brokenOf(error, endpoint);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    transport.close();
  }
}

class TimedOut extends Error {}

async function optionsOf({ connection, password, limitMs }: SmtpEndpoint) {
  const { name, host, port, tls, user } = connection;
  const address = await addressOf(host).catch(() => {
    throw new StepError(`The name ${host} of the mail server ${name} could not be looked up.`, { unsent: true });
  });
  if (address === undefined)
    throw new StepFailed(`The mail was not sent: ${host} leads to an address that is never allowed.`);
  return {
    host: address,
    port,
    secure: tls === 'tls',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'off',
    ...(isIP(host) === 0 ? { tls: { servername: host } } : {}),
    ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
    connectionTimeout: Math.min(10_000, limitMs),
    greetingTimeout: Math.min(10_000, limitMs),
    socketTimeout: limitMs,
  };
}

/** Failures before the dialogue about a mail begins. The place that nodemailer tells is no proof of that. */
const unsentCodes = new Set(['EDNS', 'ETLS']);

/** What went wrong, by its code and its place: what the server said is text from outside, and cut short. */
function brokenOf(error: unknown, { connection, limitMs }: SmtpEndpoint): Error {
  const where = `The mail server ${connection.name}`;
  if (error instanceof TimedOut) return new StepError(`${where} did not answer within ${formatDuration(limitMs)}.`);
  const { code, syscall, responseCode, response } = error as {
    readonly code?: string;
    readonly syscall?: string;
    readonly responseCode?: number;
    readonly response?: string;
  };
  const said = response === undefined ? '' : `: ${response.replace(/\s+/g, ' ').slice(0, 200)}`;
  if (code === 'EAUTH') return new StepFailed(`${where} does not take the user or the password${said}.`);
  if (responseCode !== undefined && responseCode >= 500) return new StepFailed(`${where} refused the mail${said}.`);
  const unsent = syscall === 'connect' || unsentCodes.has(code ?? '');
  if (responseCode !== undefined) return new StepError(`${where} cannot take the mail now${said}.`, { unsent: true });
  return new StepError(`${where} broke off (${code ?? 'unknown'}).`, { unsent });
}
