import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KafkaConnection } from '../../src/connections/schema';
import { freePort } from './free-port';
import { eventually } from './temporal';

/** A Kafka broker of a test file's own and, when asked for, Kafka Connect with Debezium. About 1 GB together. */
export class TestKafka {
  readonly connection: KafkaConnection;
  private readonly children: ChildProcess[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), 'signalbox-kafka-'));
  connectOrigin = '';

  private constructor(private readonly port: number) {
    this.connection = { name: 'api', kind: 'kafka', brokers: [`127.0.0.1:${port}`], tls: 'off' };
  }

  static async start(): Promise<TestKafka> {
    const kafka = new TestKafka(await freePort());
    const controller = await freePort();
    const file = kafka.properties('server', {
      'process.roles': 'broker,controller',
      'node.id': 1,
      'controller.quorum.voters': `1@127.0.0.1:${controller}`,
      listeners: `PLAINTEXT://127.0.0.1:${kafka.port},CONTROLLER://127.0.0.1:${controller}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${kafka.port}`,
      'controller.listener.names': 'CONTROLLER',
      'log.dirs': join(kafka.folder, 'data'),
      'offsets.topic.replication.factor': 1,
      'offsets.topic.num.partitions': 1,
      'transaction.state.log.replication.factor': 1,
      'transaction.state.log.min.isr': 1,
      'auto.create.topics.enable': false,
      'group.initial.rebalance.delay.ms': 0,
    });
    const format = ['kafka.tools.StorageTool', 'format', '-t', 'MkU3OEVBNTcwNTJENDM2Qg', '-c', file];
    execFileSync('java', ['-cp', join(jars(), 'lib/*'), ...format], { stdio: 'ignore' });
    kafka.spawn('kafka.Kafka', file);
    await eventually(() => kafka.said('kafka.Kafka', /Kafka Server started/), 60_000);
    return kafka;
  }

  async startConnect(): Promise<void> {
    const port = await freePort();
    const topics = ['offset', 'config', 'status'].flatMap((kind): [string, string | number][] => [
      [`${kind}.storage.topic`, `connect-${kind}`],
      [`${kind}.storage.replication.factor`, 1],
    ]);
    const file = this.properties('connect', {
      'bootstrap.servers': `127.0.0.1:${this.port}`,
      'group.id': 'connect',
      'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'offset.storage.partitions': 1,
      'status.storage.partitions': 1,
      listeners: `http://127.0.0.1:${port}`,
      'plugin.path': join(jars(), 'plugins'),
      'offset.flush.interval.ms': 1000,
      ...Object.fromEntries(topics),
    });
    this.spawn('org.apache.kafka.connect.cli.ConnectDistributed', file);
    this.connectOrigin = `http://127.0.0.1:${port}`;
    await eventually(async () => {
      const answer = await fetch(`${this.connectOrigin}/connectors`);
      if (!answer.ok) throw new Error(await answer.text());
    }, 90_000);
  }

  async stop(): Promise<void> {
    for (const child of this.children) {
      const ended = child.exitCode === null ? once(child, 'exit') : undefined;
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private spawn(main: string, file: string): void {
    const log = openSync(join(this.folder, main), 'w');
    const args = ['-Xmx384m', '-XX:TieredStopAtLevel=1', '-cp', join(jars(), 'lib/*'), main, file];
    const child = spawn('java', args, { stdio: ['ignore', log, log], cwd: this.folder });
    this.children.push(child);
  }

  private said(main: string, what: RegExp): void {
    const log = readFileSync(join(this.folder, main), 'utf8');
    if (!what.test(log)) throw new Error(`${main} has not started:\n${log.slice(-2_000)}`);
  }

  private properties(name: string, values: { readonly [key: string]: string | number | boolean }): string {
    const file = join(this.folder, `${name}.properties`);
    writeFileSync(
      file,
      Object.entries(values)
        .map(([key, value]) => `${key}=${value}\n`)
        .join(''),
    );
    return file;
  }
}

function jars(): string {
  if (process.env.KAFKA_JARS) return process.env.KAFKA_JARS;
  throw new Error('KAFKA_JARS is not set: run the tests with `npm test`, which gets Kafka.');
}
