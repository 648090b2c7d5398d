import { Client, DatabaseError, Query, type QueryArrayConfig } from 'pg';
import type { PostgresConnection } from '../../src/connections/schema';
import type { Json } from '../../src/json';
import { formatDuration } from '../../src/runbooks/duration';
import { StepError, StepFailed } from '../steps/outcomes';
import { addressOf } from './address-guard';
import { postgresTypes } from './postgres-types';

const connectMs = 10_000;
const maxAnswerBytes = 1024 * 1024;
/** How long the server may take to say that it has stopped. */
const cancelMs = 5_000;

export interface PostgresEndpoint {
  readonly connection: PostgresConnection;
  readonly password?: string;
  /** All statements together, ms. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

export interface SqlAsk {
  readonly text: string;
  readonly values?: readonly unknown[];
  /** More rows than this are an error. */
  readonly maxRows?: number;
}

export interface SqlAnswer {
  readonly rows: readonly { readonly [column: string]: Json }[];
  /** Rows that it gave or changed. */
  readonly count: number;
}

/** A session of one step. */
export interface PostgresSession {
  /** Exactly one statement: the server refuses two. Throws `StepError` or `StepFailed`. */
  one(ask: SqlAsk): Promise<SqlAnswer>;
  /** Statements as a file has them, one after the other. */
  script(text: string): Promise<void>;
}

/**
 * Opens a session, works in it and closes it. Whatever ends the work early (time, cancellation, a lost runner) ends the
 * statement at the server, too.
 */
export async function withPostgres<Result>(
  endpoint: PostgresEndpoint,
  work: (session: PostgresSession) => Promise<Result>,
): Promise<Result> {
  const session = new Session(endpoint);
  try {
    await session.open();
    return await work(session);
  } finally {
    await session.close();
  }
}

class Session implements PostgresSession {
  private client: Client | undefined;
  private lost: Error | undefined;
  private readonly deadline: number;

  constructor(private readonly endpoint: PostgresEndpoint) {
    this.deadline = performance.now() + endpoint.limitMs;
  }

  async open(): Promise<void> {
    const { signal } = this.endpoint;
    signal.throwIfAborted();
    const client = new Client(await this.settings());
    client.on('error', (error) => (this.lost = error));
    try {
      await client.connect();
    } catch (error) {
      void client.end().catch(() => undefined);
      throw this.broken(error, { unsent: true });
    }
    this.client = client;
    // What a server does not know (the check of the line came with version 14) is left out.
    await this.one({
      text: `select set_config(name, value, false) from pg_settings join (values ('statement_timeout', $1),
        ('standard_conforming_strings', 'on'), ('TimeZone', 'UTC'), ('client_connection_check_interval', '2s')) as wanted(key, value) on name = key`,
      values: [String(Math.max(1, Math.ceil(this.restMs())))],
    });
  }

  async one({ text, values = [], maxRows = Number.POSITIVE_INFINITY }: SqlAsk): Promise<SqlAnswer> {
    const rows: SqlAnswer['rows'][number][] = [];
    let bytes = 0;
    const result = await this.run(
      { text, values: [...values], rowMode: 'array', queryMode: 'extended', types: postgresTypes } as QueryArrayConfig,
      (cells, columns) => {
        bytes += cells.reduce<number>((sum, cell) => sum + JSON.stringify(cell).length, 0);
        if (rows.length >= maxRows)
          return `it gave more than ${maxRows} rows; ask for fewer, or let the step's "limit" be higher`;
        if (bytes > maxAnswerBytes) return 'it gave more than 1 MiB, which is the limit';
        rows.push(Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? null])));
        return undefined;
      },
    );
    return { rows, count: rows.length || result };
  }

  async script(text: string): Promise<void> {
    await this.run({ text, rowMode: 'array', types: postgresTypes } as QueryArrayConfig, () => undefined);
  }

  async close(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    if (!client) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, 1_000)));
    await Promise.race([client.end().catch(() => undefined), late]);
    clearTimeout(timer);
  }

  /** One message to the server and all of its answer; `take` may refuse a row with the end of a sentence. */
  private run(
    config: QueryArrayConfig,
    take: (cells: readonly Json[], columns: readonly string[]) => string | undefined,
  ): Promise<number> {
    const { signal } = this.endpoint;
    const client = this.client!;
    return new Promise((resolve, reject) => {
      let refused: string | undefined;
      let ending: 'cancelled' | 'late' | undefined;
      let grace: NodeJS.Timeout | undefined;
      const stop = (why?: 'cancelled' | 'late'): void => {
        if (grace) return;
        ending = why;
        grace = setTimeout(() => settle(new Error('no answer')), cancelMs);
        void this.cancelAtServer();
      };
      const onAbort = (): void => stop('cancelled');
      // The server's own limit comes first; this one is for a server that does not answer.
      const timer = setTimeout(() => stop('late'), Math.max(0, this.restMs()) + 500);
      const settle = (error: unknown, count = 0): void => {
        for (const each of [timer, grace]) clearTimeout(each);
        signal.removeEventListener('abort', onAbort);
        if (refused !== undefined) return reject(new StepFailed(`${this.where()} answered, but ${refused}.`));
        if (ending === 'cancelled') return reject(signal.reason as Error);
        if (ending === 'late') return reject(this.late());
        if (error) return reject(this.broken(error, {}));
        resolve(count);
      };
      const query = new Query(config as never);
      query.on('row', (cells: unknown, result) => {
        if (refused !== undefined) return;
        refused = take(
          cells as readonly Json[],
          result!.fields.map((field) => field.name),
        );
        if (refused !== undefined) stop();
      });
      query.on('error', (error) => settle(error));
      query.on('end', (result) => settle(undefined, result.rowCount ?? 0));
      if (signal.aborted) return settle(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      client.query(query);
    });
  }

  /** By a session of its own, as the protocol has it; the answer comes on ours. */
  private async cancelAtServer(): Promise<void> {
    const pid = (this.client as unknown as { readonly processID: number | null } | undefined)?.processID;
    try {
      const other = new Client(await this.settings());
      other.on('error', () => undefined);
      await other.connect();
      await other.query('select pg_cancel_backend($1)', [pid]);
      await other.end();
    } catch {
      // The server is away or full: its own time limit and its check of the line end the statement.
    }
  }

  private async settings() {
    const { connection, password } = this.endpoint;
    const { host, port, database, user } = connection;
    const address = await addressOf(host).catch(() => {
      throw new StepError(`${this.where()} cannot be reached: the name ${host} could not be looked up.`, {
        unsent: true,
      });
    });
    if (address === undefined)
      throw new StepFailed(`${this.where()} was not asked: ${host} leads to an address that is never allowed.`);
    return {
      host: address,
      port,
      database,
      user,
      // As a function, so that no variable of this process and no file stands in for it.
      password: () => password ?? '',
      ssl: connection.tls === 'off' ? false : { servername: host, host, rejectUnauthorized: true },
      application_name: 'signalbox',
      options: '-c client_min_messages=warning',
      connectionTimeoutMillis: Math.max(1, Math.min(connectMs, this.restMs())),
      keepAlive: true,
    };
  }

  private restMs(): number {
    return this.deadline - performance.now();
  }

  private where(): string {
    return `The database of ${this.endpoint.connection.name}`;
  }

  private late(): StepError {
    const { limitMs } = this.endpoint;
    return new StepError(`${this.where()} did not end the statement within ${formatDuration(Math.round(limitMs))}.`);
  }

  /** An error of the server or of the line as a sentence; what the server adds beside its message stays here. */
  private broken(error: unknown, about: { readonly unsent?: boolean }): Error {
    if (error instanceof StepError || error instanceof StepFailed) return error;
    if (!(error instanceof DatabaseError)) {
      const words = lineWords[String((error as { readonly code?: unknown }).code ?? '')] ?? 'the connection was cut';
      return new StepError(`${this.where()} failed: ${this.lost ? 'the connection was cut' : words}.`, about);
    }
    const code = error.code ?? '';
    // By its own limit the server has ended the statement, and taken it back.
    if (code === '57014')
      return new StepError(
        `${this.where()} stopped the statement, because it took longer than ${formatDuration(Math.round(this.endpoint.limitMs))}.`,
        { unsent: true },
      );
    const told = `${this.where()} refused: ${error.message.replace(/\s+/g, ' ').replace(/\.$/, '').slice(0, 300)}.`;
    const mayPass = /^(?:40001|40P01|55P03|53|57P0[123]|08)/.test(code);
    return mayPass ? new StepError(told, { unsent: true }) : new StepFailed(told);
  }
}

const lineWords: { readonly [code: string]: string } = {
  ECONNREFUSED: 'nobody listens there',
  EHOSTUNREACH: 'it cannot be reached',
  ENETUNREACH: 'it cannot be reached',
  ETIMEDOUT: 'it could not be reached in time',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not from an authority that this runner trusts',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not from an authority that this runner trusts',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not from an authority that this runner trusts',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};
