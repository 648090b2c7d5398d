import { escapeLiteral } from 'pg';
import {
  postgresLogicalReplication,
  type PostgresLogicalReplicationWith,
} from '../../src/runbooks/kinds/postgres-logical-replication';
import { parseDuration } from '../../src/runbooks/duration';
import type { PostgresSession } from '../adapters/postgres';
import { NotYet, StepFailed, type StepAnswer } from './outcomes';
import { scramVerifier } from './scram';
import { inDatabase, quotedName } from './sql-session';
import { stepKind, type StepContext } from './step-kind';

type Context = StepContext<PostgresLogicalReplicationWith>;
type Thing = 'user' | 'publication' | 'slot';

export const runPostgresLogicalReplication = stepKind<PostgresLogicalReplicationWith>(
  postgresLogicalReplication,
  (context) => {
    const { ensure, drop } = context.given;
    return inDatabase(context, (session) => {
      const replication = new Replication(context, session);
      if (ensure === 'wal_level') return replication.walLevel();
      if (ensure !== undefined) return replication.ensure(ensure);
      return drop === undefined ? replication.wait() : replication.drop(drop);
    });
  },
);

/**
 * Things that replication needs, each with a mark of the operation that made it: an undo must never take away what was
 * there before. The mark is set in the transaction that makes the thing; a slot's, which no transaction can make that
 * has written, just before.
 */
class Replication {
  private readonly operation: string;

  constructor(
    private readonly context: Context,
    private readonly session: PostgresSession,
  ) {
    this.operation = context.plan.operation.id;
  }

  async walLevel(): Promise<StepAnswer> {
    const [row] = await this.rows('show wal_level');
    if (row?.wal_level !== 'logical')
      throw new StepFailed(
        `The database writes its log with wal_level ${String(row?.wal_level)} and logical replication needs logical; whoever runs it sets wal_level = logical and restarts it.`,
      );
    return { tells: { made: false }, summary: 'wal_level is logical' };
  }

  async ensure(thing: Thing): Promise<StepAnswer> {
    await this.session.script(`create schema if not exists signalbox;
      create table if not exists signalbox.made (
        kind text not null, name text not null, operation text not null, primary key (kind, name))`);
    const { name } = this;
    if (await this.isThere(thing)) {
      await this.holdAgainst(thing);
      const isOurs = await this.isMarked(thing);
      return this.told(thing, { made: isOurs, summary: `the ${thing} ${name} was there` });
    }
    if (thing === 'slot') {
      await this.mark(thing);
      await this.rows('select pg_create_logical_replication_slot($1, $2)', [name, this.context.given.plugin]);
    } else {
      await this.rows('begin');
      await this.rows(await this.creation(thing));
      await this.mark(thing);
      await this.rows('commit');
    }
    return this.told(thing, { made: true, summary: `the ${thing} ${name} was made` });
  }

  async drop(thing: Thing): Promise<StepAnswer> {
    const { name } = this;
    const isWanted = this.context.given.of === 'anyone' || (await this.isMarked(thing));
    if (!isWanted)
      return { tells: { made: false }, summary: `the ${thing} ${name} is not of this operation and stays` };
    const isThere = await this.isThere(thing);
    if (isThere) await this.rows(...this.dropping(thing));
    if (await this.hasMarks())
      await this.rows('delete from signalbox.made where kind = $1 and name = $2', [thing, name]);
    return { tells: { made: false }, summary: `the ${thing} ${name} ${isThere ? 'was dropped' : 'was not there'}` };
  }

  async wait(): Promise<StepAnswer> {
    const { lsn, within, every } = this.context.given;
    const [slot] = await this.rows(
      `select wal_status, active, confirmed_flush_lsn::text as lsn,
        pg_wal_lsn_diff(coalesce($2::pg_lsn, pg_current_wal_lsn()), confirmed_flush_lsn) as lag
        from pg_replication_slots where slot_name = $1`,
      [this.name, lsn ?? null],
    );
    if (!slot) throw new StepFailed(`There is no replication slot ${this.name}.`);
    if (slot.wal_status === 'lost')
      throw new StepFailed(
        `The slot ${this.name} has lost log that it needed, so it will never catch up; make it anew.`,
      );
    const lag = Number(slot.lag ?? Number.NaN);
    if (lag <= within)
      return { tells: { made: false, lsn: slot.lsn ?? '', lag }, summary: `confirmed up to ${String(slot.lsn)}` };
    const consumer = slot.active === true ? '' : ', and nobody reads from it';
    throw new NotYet(`the slot ${this.name} is ${lag} bytes behind${consumer}`, parseDuration(every ?? '') ?? 5_000);
  }

  private get name(): string {
    return this.context.given.name!;
  }

  private async rows(text: string, values: readonly unknown[] = []) {
    return (await this.session.one({ text, values })).rows;
  }

  private async isThere(thing: Thing): Promise<boolean> {
    const questions = {
      user: 'select 1 from pg_roles where rolname = $1',
      publication: 'select 1 from pg_publication where pubname = $1',
      slot: 'select 1 from pg_replication_slots where slot_name = $1',
    };
    return (await this.rows(questions[thing], [this.name])).length > 0;
  }

  /** Throws `StepFailed` when what has the name is something else than what is asked for. */
  private async holdAgainst(thing: Thing): Promise<void> {
    const { tables = [], plugin } = this.context.given;
    const differs = (what: string): StepFailed =>
      new StepFailed(
        `There is a ${thing} ${this.name} already, and ${what}; choose another name, or let whoever owns it change it.`,
      );
    if (thing === 'user') {
      const [role] = await this.rows('select rolcanlogin, rolreplication from pg_roles where rolname = $1', [
        this.name,
      ]);
      if (role?.rolcanlogin !== true || role.rolreplication !== true) throw differs('it may not log in and replicate');
    } else if (thing === 'slot') {
      const [slot] = await this.rows(
        'select plugin, database = current_database() as here from pg_replication_slots where slot_name = $1',
        [this.name],
      );
      if (slot?.plugin !== plugin || slot.here !== true) throw differs('it is of another plugin or another database');
    } else {
      const found = await this.rows(
        "select format('%I.%I', schemaname, tablename) as name from pg_publication_tables where pubname = $1",
        [this.name],
      );
      const wanted = await this.rows(
        "select format('%I.%I', n.nspname, c.relname) as name from unnest($1::text[]) as t (text) join pg_class c on c.oid = to_regclass(t.text) join pg_namespace n on n.oid = c.relnamespace",
        [tables.map(quotedName)],
      );
      const namesOf = (rows: typeof found): string =>
        rows
          .map(({ name }) => String(name))
          .sort()
          .join(', ');
      if (namesOf(found) !== namesOf(wanted)) throw differs(`it has the tables ${namesOf(found) || '(none)'}`);
    }
  }

  private async creation(thing: 'user' | 'publication'): Promise<string> {
    const { tables = [], password } = this.context.given;
    if (thing === 'publication')
      return `create publication ${quotedName(this.name)} for table ${tables.map(quotedName).join(', ')}`;
    const verifier = scramVerifier(await this.context.secret(password!));
    this.context.mask(verifier);
    return `create role ${quotedName(this.name)} login replication password ${escapeLiteral(verifier)}`;
  }

  private dropping(thing: Thing): [string, (readonly unknown[])?] {
    if (thing === 'slot') return ['select pg_drop_replication_slot($1)', [this.name]];
    return [`drop ${thing === 'user' ? 'role' : thing} ${quotedName(this.name)}`];
  }

  private async told(thing: Thing, answer: { readonly made: boolean; readonly summary: string }): Promise<StepAnswer> {
    const [slot] =
      thing === 'slot'
        ? await this.rows('select confirmed_flush_lsn::text as lsn from pg_replication_slots where slot_name = $1', [
            this.name,
          ])
        : [];
    return { tells: { made: answer.made, lsn: slot?.lsn ?? '' }, summary: answer.summary };
  }

  private async hasMarks(): Promise<boolean> {
    const [row] = await this.rows("select to_regclass('signalbox.made') is not null as there");
    return row?.there === true;
  }

  private async isMarked(thing: Thing): Promise<boolean> {
    if (!(await this.hasMarks())) return false;
    const question = 'select 1 from signalbox.made where kind = $1 and name = $2 and operation = $3';
    return (await this.rows(question, [thing, this.name, this.operation])).length > 0;
  }

  private async mark(thing: Thing): Promise<void> {
    await this.rows(
      'insert into signalbox.made (kind, name, operation) values ($1, $2, $3) on conflict (kind, name) do update set operation = excluded.operation',
      [thing, this.name, this.operation],
    );
  }
}
