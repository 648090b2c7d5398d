import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Endpoint, text } from '../steps/endpoint';
import { freePort } from './free-port';
import { eventually } from './temporal';

const program = process.env.PROMETHEUS_BIN ?? join(__dirname, '../../.tools/prometheus');

/** A Prometheus of a test file's own, and what it scrapes. */
export class TestPrometheus {
  private constructor(
    private readonly server: ChildProcess,
    private readonly target: Endpoint,
    private readonly folder: string,
    readonly origin: string,
  ) {}

  static async start(exposed: string): Promise<TestPrometheus> {
    if (!existsSync(program))
      throw new Error('Prometheus is missing: run the tests with `npm test`, or set PROMETHEUS_BIN to its path.');
    const target = new Endpoint();
    await target.start();
    target.reply = text(exposed);
    const folder = mkdtempSync(join(tmpdir(), 'signalbox-prometheus-'));
    const [host] = target.origin.split('//').slice(1);
    const config = {
      global: { scrape_interval: '200ms', scrape_timeout: '200ms' },
      scrape_configs: [{ job_name: 'nodes', static_configs: [{ targets: [host] }] }],
    };
    writeFileSync(join(folder, 'config.yml'), JSON.stringify(config));
    const address = `127.0.0.1:${await freePort()}`;
    const args = [`--config.file=${folder}/config.yml`, `--storage.tsdb.path=${folder}/data`];
    const server = spawn(program, [...args, `--web.listen-address=${address}`, '--log.level=error'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const origin = `http://${address}`;
    await eventually(async () => {
      if (!(await fetch(`${origin}/-/ready`)).ok) throw new Error('Prometheus is not ready');
    });
    return new TestPrometheus(server, target, folder, origin);
  }

  /** What it scrapes from now on, in its own text format. */
  expose(exposed: string): void {
    this.target.reply = text(exposed);
  }

  /** Resolves once what is exposed now has been scraped, and two questions more have been answered with it. */
  async seen(): Promise<void> {
    const scraped = this.target.seen.length;
    await eventually(async () => {
      if (this.target.seen.length < scraped + 3) throw new Error('Prometheus has not scraped it yet');
    });
    const answered = await this.answers();
    await eventually(async () => {
      if ((await this.answers()) < answered + 2) throw new Error('Nobody has asked Prometheus since');
    });
  }

  /** How many questions it has answered, by its own count. */
  private async answers(): Promise<number> {
    const metrics = await (await fetch(`${this.origin}/metrics`)).text();
    const counted = /^prometheus_http_requests_total\{code="200",handler="\/api\/v1\/query"\} (\d+)/m.exec(metrics);
    return Number(counted?.[1] ?? 0);
  }

  async stop(): Promise<void> {
    const ended = this.server.exitCode === null ? once(this.server, 'exit') : undefined;
    this.server.kill();
    await ended;
    await this.target.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
