import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../../src/canonical';
import { sqlMigrate, type Migration, type SqlMigrateWith } from '../../src/runbooks/kinds/sql-migrate';
import type { PostgresSession } from '../adapters/postgres';
import { StepFailed, type StepAnswer } from './outcomes';
import { askReadOnly, inDatabase } from './sql-session';
import { stepKind, withGiven, type StepContext } from './step-kind';

export const runSqlMigrate = stepKind<SqlMigrateWith>(sqlMigrate, run, (context) =>
  run(withGiven(context, { dry_run: true })),
);

async function run(context: StepContext<SqlMigrateWith>): Promise<StepAnswer> {
  const { dry_run: isDry } = context.given;
  const migrations = context.given.migrations ?? (await migrationsIn(context));
  const operation = context.plan.operation.id;
  return inDatabase(context, async (session) => {
    if (isDry) return told(await pendingOf(session, migrations), { applied: [], all: migrations });
    // Held by the session, so it goes with it, however the session ends.
    await session.one({ text: "select pg_advisory_lock(hashtextextended('signalbox.migrations', 0))" });
    await session.script(`create schema if not exists signalbox;
      create table if not exists signalbox.migrations (
        id text primary key, checksum text not null, operation text not null, applied_at timestamptz not null default now())`);
    const pending = await pendingOf(session, migrations);
    for (const migration of pending) await apply(session, { migration, operation });
    return told([], { applied: pending, all: migrations });
  });
}

async function migrationsIn(context: StepContext<SqlMigrateWith>): Promise<readonly Migration[]> {
  const folder = context.given.folder!;
  const place = (await context.workspace()).folder(folder);
  const names = (await readdir(place)).filter((name) => name.endsWith('.sql')).sort();
  if (names.length === 0)
    throw new StepFailed(`The folder ${folder} has no migrations; they are files that end in .sql.`);
  return Promise.all(names.map(async (id) => ({ id, sql: await readFile(join(place, id), 'utf8') })));
}

/** What the database has not had yet, in order. Throws `StepFailed` when what it had is not what is asked for now. */
async function pendingOf(session: PostgresSession, migrations: readonly Migration[]): Promise<readonly Migration[]> {
  const there = await session.one({ text: "select to_regclass('signalbox.migrations') is not null as there" });
  if (there.rows[0]?.there !== true) return migrations;
  const { rows } = await askReadOnly(session, {
    text: 'select id, checksum from signalbox.migrations where id = any($1::text[])',
    values: [migrations.map(({ id }) => id)],
  });
  const applied = new Map(rows.map(({ id, checksum }) => [String(id), String(checksum)]));
  for (const { id, sql } of migrations)
    if (applied.has(id) && applied.get(id) !== sha256(sql))
      throw new StepFailed(
        `The migration ${id} was changed after the database had it; put it back as it was and add a new one.`,
      );
  const last = migrations.findLastIndex(({ id }) => applied.has(id));
  const skipped = migrations.slice(0, last + 1).find(({ id }) => !applied.has(id));
  if (skipped)
    throw new StepFailed(
      `The migration ${skipped.id} stands before ${migrations[last]!.id}, which the database has had; put it at the end.`,
    );
  return migrations.slice(last + 1);
}

async function apply(
  session: PostgresSession,
  { migration, operation }: { readonly migration: Migration; readonly operation: string },
): Promise<void> {
  const { id, sql } = migration;
  await session.one({ text: 'begin' });
  const before = await transaction(session);
  try {
    await session.script(sql);
    if ((await transaction(session)) !== before)
      throw new StepFailed(
        `The migration ${id} ends its transaction by itself, so nobody can say what of it was done; look at the database and take its "commit" out.`,
      );
    await session.one({
      text: 'insert into signalbox.migrations (id, checksum, operation) values ($1, $2, $3)',
      values: [id, sha256(sql), operation],
    });
    await session.one({ text: 'commit' });
  } catch (error) {
    await session.one({ text: 'rollback' }).catch(() => undefined);
    if (error instanceof StepFailed) throw new StepFailed(`In the migration ${id}: ${error.message}`);
    throw error;
  }
}

async function transaction(session: PostgresSession): Promise<string> {
  const { rows } = await session.one({ text: 'select txid_current()::text as id' });
  return String(rows[0]?.id);
}

function told(
  pending: readonly Migration[],
  { applied, all }: { readonly applied: readonly Migration[]; readonly all: readonly Migration[] },
): StepAnswer {
  const idsOf = (migrations: readonly Migration[]): readonly string[] => migrations.map(({ id }) => id);
  const known = all.length - applied.length - pending.length;
  const summary =
    pending.length > 0 ? `${pending.length} to carry out` : `${applied.length} carried out, ${known} were there`;
  const detail = idsOf(pending).slice(0, 20);
  return {
    tells: { applied: idsOf(applied), pending: idsOf(pending), known },
    summary,
    ...(detail.length > 0 && { detail }),
  };
}
