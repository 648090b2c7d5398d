import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { PostgresConnection } from '../../src/connections/schema';
import { freePort } from './free-port';
import { eventually } from './temporal';

export const password = 'secret-of-the-database';

/** A PostgreSQL of a test file's own, on a port and in a folder of its own. */
export class TestPostgres {
  readonly connection: PostgresConnection;
  private readonly admin: Client;

  private constructor(
    private readonly server: ChildProcess,
    private readonly folder: string,
    port: number,
  ) {
    this.connection = {
      name: 'api',
      kind: 'postgres',
      host: '127.0.0.1',
      port,
      database: 'postgres',
      user: 'postgres',
      password: { env: 'DB_PASSWORD' },
      tls: 'off',
    };
    this.admin = new Client({ host: '127.0.0.1', port, database: 'postgres', user: 'postgres', password });
  }

  static async start(settings: readonly string[] = []): Promise<TestPostgres> {
    const folder = mkdtempSync(join(tmpdir(), 'signalbox-postgres-'));
    const port = await freePort();
    // The server refuses to run as root.
    const owner = process.getuid?.() === 0 ? ownerOf('postgres') : {};
    if (owner.uid !== undefined) chownSync(folder, owner.uid, owner.gid!);
    const [data, secret] = [join(folder, 'data'), join(folder, 'password')];
    writeFileSync(secret, password, { mode: 0o644 });
    const init = [
      '-D',
      data,
      '-U',
      'postgres',
      '--auth=scram-sha-256',
      `--pwfile=${secret}`,
      '--no-sync',
      '-E',
      'UTF8',
    ];
    execFileSync(join(binFolder(), 'initdb'), [...init, '--locale=C'], { ...owner, stdio: 'ignore', cwd: folder });
    const given = [
      'fsync=off',
      'wal_level=logical',
      'max_wal_senders=10',
      `unix_socket_directories=${folder}`,
      ...settings,
    ];
    const args = ['-D', data, '-p', String(port), '-h', '127.0.0.1', ...given.flatMap((setting) => ['-c', setting])];
    const server = spawn(join(binFolder(), 'postgres'), args, { ...owner, stdio: 'ignore', cwd: folder });
    const started = new TestPostgres(server, folder, port);
    await eventually(async () => {
      const probe = new Client({ host: '127.0.0.1', port, database: 'postgres', user: 'postgres', password });
      await probe.connect();
      await probe.end();
    });
    await started.admin.connect();
    return started;
  }

  /** Rows of a question that the test asks by itself. */
  async ask(text: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    return (await this.admin.query(text, [...values])).rows as Record<string, unknown>[];
  }

  /** Statements of Signalbox that run at this moment. */
  async running(): Promise<number> {
    const rows = await this.ask(
      "select 1 from pg_stat_activity where application_name = 'signalbox' and state = 'active'",
    );
    return rows.length;
  }

  async stop(): Promise<void> {
    await this.admin.end();
    // The fast shutdown, which does not wait for clients.
    const ended = once(this.server, 'exit');
    this.server.kill('SIGINT');
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function ownerOf(user: string): { readonly uid?: number; readonly gid?: number } {
  const id = (flag: string): number => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function binFolder(): string {
  if (process.env.POSTGRES_BIN) return process.env.POSTGRES_BIN;
  const base = '/usr/lib/postgresql';
  const versions = existsSync(base) ? readdirSync(base) : [];
  if (versions.length === 0) throw new Error('POSTGRES_BIN is not set: run the tests with `npm test`.');
  return join(base, versions.sort((left, right) => Number(right) - Number(left))[0]!, 'bin');
}
