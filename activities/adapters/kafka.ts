import { connect as connectPlain, type LookupFunction } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Kafka, logLevel, type Admin, type SASLOptions } from 'kafkajs';
import type { KafkaConnection } from '../../src/connections/schema';
import { formatDuration } from '../../src/runbooks/duration';
import { StepError, StepFailed } from '../steps/outcomes';
import { addressOf } from './address-guard';

export interface KafkaEndpoint {
  readonly connection: KafkaConnection;
  readonly password?: string;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/** Administers the brokers of a connection. Throws `StepError` for what may pass and `StepFailed` for what will not. */
export async function withKafkaAdmin<Result>(
  endpoint: KafkaEndpoint,
  work: (admin: Admin) => Promise<Result>,
): Promise<Result> {
  const { connection, limitMs, signal } = endpoint;
  signal.throwIfAborted();
  const admin = clientOf(endpoint).admin();
  const where = `Kafka (${connection.name})`;
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const ended = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new StepError(`${where} did not answer within ${formatDuration(Math.round(limitMs))}.`)),
      limitMs,
    );
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    const working = admin.connect().then(() => work(admin));
    working.catch(() => undefined);
    return await Promise.race([working, ended]);
  } catch (error) {
    if (error instanceof StepError || error instanceof StepFailed || signal.aborted) throw error;
    throw brokenOf(error, where);
  } finally {
    clearTimeout(timer);
    if (onAbort) signal.removeEventListener('abort', onAbort);
    await admin.disconnect().catch(() => undefined);
  }
}

function clientOf({ connection, password, limitMs }: KafkaEndpoint): Kafka {
  const { brokers, sasl, tls } = connection;
  return new Kafka({
    clientId: 'signalbox',
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    connectionTimeout: Math.min(10_000, limitMs),
    requestTimeout: Math.min(30_000, limitMs),
    retry: { retries: 2, initialRetryTime: 200 },
    ssl: tls !== 'off',
    ...(sasl
      ? { sasl: { mechanism: sasl.mechanism, username: sasl.user, password: password ?? '' } as SASLOptions }
      : {}),
    // Brokers name each other: every name they tell is looked up by our rules.
    socketFactory: ({ host, port, ssl, onConnect }) => {
      const socket = ssl
        ? connectTls({ host, port, lookup, ...(/[a-z]/i.test(host) ? { servername: host } : {}) }, onConnect)
        : connectPlain({ host, port, lookup }, onConnect);
      socket.setKeepAlive(true, 60_000);
      return socket;
    },
  });
}

const lookup: LookupFunction = (host, options, done) => {
  addressOf(host).then(
    (address) => {
      if (address === undefined) return done(new Error('an address that is never allowed'), '', 0);
      const family = address.includes(':') ? 6 : 4;
      if (options.all) done(null, [{ address, family }]);
      else done(null, address, family);
    },
    (error: Error) => done(error as NodeJS.ErrnoException, '', 0),
  );
};

/** The parts of kafkajs's errors that are used here. */
interface Broken {
  readonly name?: string;
  readonly message?: string;
  readonly type?: string;
  readonly retriable?: boolean;
  readonly errors?: readonly Broken[];
  readonly cause?: Broken;
}

function brokenOf(error: unknown, where: string): Error {
  const [first] = (error as Broken).errors ?? [];
  const outer = first ?? (error as Broken);
  const inner = outer.cause ?? outer;
  const words = (inner.message ?? 'it broke').replace(/\s+/g, ' ').replace(/\.$/, '').slice(0, 300);
  const isRefusal =
    inner.name === 'KafkaJSSASLAuthenticationError' ||
    (inner.type !== undefined && inner.retriable === false) ||
    /never allowed/.test(words);
  return isRefusal ? new StepFailed(`${where} refused: ${words}.`) : new StepError(`${where} failed: ${words}.`);
}
