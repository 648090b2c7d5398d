import { Kafka, logLevel } from 'kafkajs';
import type { JsonObject } from '../../src/json';
import { examplePolicy } from './company';
import { TestKafka } from './kafka';
import { password, TestPostgres } from './postgres';
import { eventually } from './temporal';
import type { RunbookAsked } from './run-runbook';

/** Where a pipeline of the example company begins and ends, all of it real: a database, Kafka with Connect, a warehouse. */
export class CdcWorld {
  private constructor(
    readonly kafka: TestKafka,
    readonly database: TestPostgres,
    readonly warehouse: TestPostgres,
  ) {}

  static async open(): Promise<CdcWorld> {
    const [kafka, database, warehouse] = await Promise.all([
      TestKafka.start(),
      TestPostgres.start(),
      TestPostgres.start(['max_connections=20']),
    ]);
    await kafka.startConnect();
    await warehouse.ask(`create role warehouse login superuser password '${password}'`);
    return new CdcWorld(kafka, database, warehouse);
  }

  /** Environment of the runner that does the work. */
  readonly env = { DB_PASSWORD: password, CDC_PASSWORD: 'password-of-the-reader', WAREHOUSE_PASSWORD: password };

  /** A table with so many orders in it. */
  async fill(table: string, count: number): Promise<void> {
    await this.database.ask(`create table ${table} (id int primary key, item text)`);
    await this.database.ask(`insert into ${table} select n, 'item ' || n from generate_series(1, ${count}) as n`);
  }

  asked(pipeline: string, table: string, more: JsonObject = {}): RunbookAsked {
    const { port } = this.database.connection;
    const url = `jdbc:postgresql://127.0.0.1:${this.warehouse.connection.port}/postgres`;
    const inputs = { pipeline, tables: [`public.${table}`], host: '127.0.0.1', port, name: 'postgres' };
    return {
      files: examplePolicy(0),
      runbook: 'cdc-pipeline',
      inputs: { ...inputs, warehouse: url, replicas: 1, ...more },
      connections: {
        'orders-db': { ...this.database.connection, name: 'orders-db' },
        events: { ...this.kafka.connection, name: 'events' },
        connect: { origin: this.kafka.connectOrigin },
      },
      pace: 60,
    };
  }

  /** What a pipeline has made so far, in the order in which it makes it. */
  async made(pipeline: string): Promise<readonly string[]> {
    const [there] = await this.database.ask(
      `select exists (select 1 from pg_roles where rolname = 'cdc_' || $1) as role,
        exists (select 1 from pg_publication where pubname = 'pub_' || $1) as publication,
        exists (select 1 from pg_replication_slots where slot_name = 'slot_' || $1) as slot`,
      [pipeline],
    );
    const connectors = (await (await fetch(`${this.kafka.connectOrigin}/connectors`)).json()) as readonly string[];
    const topics = await this.topics();
    return [
      ...['role', 'publication', 'slot'].filter((name) => there![name]),
      ...(topics.some((name) => name.startsWith(`${pipeline}.`)) ? ['topic'] : []),
      ...['source', 'sink'].filter((name) => connectors.includes(`${name}-${pipeline}`)),
    ];
  }

  /** What is there of a pipeline as its servers number it: the same thing made anew has another number. */
  async identities(pipeline: string): Promise<readonly string[]> {
    const rows = await this.database.ask(
      `select 'role ' || oid as it from pg_roles where rolname = 'cdc_' || $1
        union select 'publication ' || oid from pg_publication where pubname = 'pub_' || $1`,
      [pipeline],
    );
    return rows.map(({ it }) => it as string);
  }

  /** Ends a pipeline by hand, so that the next one has the machine for itself. */
  async remove(pipeline: string): Promise<void> {
    for (const name of ['sink', 'source'])
      await fetch(`${this.kafka.connectOrigin}/connectors/${name}-${pipeline}`, { method: 'DELETE' });
    await eventually(() => this.database.ask('select pg_drop_replication_slot($1)', [`slot_${pipeline}`]), 60_000);
  }

  /** Rows as they are in the warehouse. */
  arrived(table: string): Promise<readonly Record<string, unknown>[]> {
    return this.warehouse.ask(`select id, item from ${table} order by id`);
  }

  async close(): Promise<void> {
    await this.kafka.stop();
    await Promise.all([this.database.stop(), this.warehouse.stop()]);
  }

  private async topics(): Promise<readonly string[]> {
    const admin = new Kafka({ brokers: this.kafka.connection.brokers, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    try {
      return await admin.listTopics();
    } finally {
      await admin.disconnect();
    }
  }
}
