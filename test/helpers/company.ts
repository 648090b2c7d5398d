import { randomBytes, generateKeyPairSync } from 'node:crypto';
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { openLedger } from '../../activities/adapters/ledger';
import { startTestFleet } from '../fleet/start';
import { startSlackRules, type SlackRules, type StoredMessage } from '../slack-rules';
import { freePort } from './free-port';
import { makeRepository, type TestRepository } from './git-repository';
import { eventually, openTemporal, type TestTemporal } from './temporal';

const root = join(__dirname, '../..');
export type Program = 'bot' | 'worker' | 'runner';

/** Waits of tests: seconds where a company has minutes. */
const timings = {
  deliveryMs: 20_000,
  lastDeliveryMs: 20_000,
  heartbeatMs: 3_000,
  livenessMs: 2_000,
  judgeMs: 30_000,
  recordMs: 60_000,
};

/** A whole company: Slack, policy, ledger, fleet, Temporal, and the three programs as real processes. */
export interface Company {
  readonly slack: SlackRules;
  readonly fleet: Awaited<ReturnType<typeof startTestFleet>>;
  readonly policy: TestRepository;
  readonly ledger: TestRepository;
  readonly temporal: TestTemporal;
  readonly botUrl: string;
  readonly env: NodeJS.ProcessEnv;
  start(program: Program): Promise<void>;
  /** `kill -9`, and nothing else. */
  kill(program: Program): Promise<void>;
  /** Process id of a program that runs. */
  pid(program: Program): number | undefined;
  /** Card of the newest operation in a channel, once a predicate holds. */
  card(channel: string, holds: (message: StoredMessage) => boolean, what: string): Promise<StoredMessage>;
  /** Versions the fleet runs now. */
  versions(service: string): Promise<{ readonly [version: string]: number }>;
  /** Says what runs already, as `signalbox adopt` does. Before the worker starts: what it has read may be 10 s old. */
  adopt(what: { readonly service: string; readonly version: string; readonly environment: string }): Promise<void>;
  /** Records of an operation as they lie in Git. */
  records(operationId: string): Promise<readonly { event: string; body: Record<string, unknown> }[]>;
  cli(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<{ code: number; out: string; err: string }>;
  log(program: Program): string;
  close(): Promise<void>;
}

export interface CompanyOptions {
  readonly redisUrl?: string;
  /** Changes to files of the example policy; null removes one. */
  readonly policy?: { readonly [path: string]: string | null };
  readonly limits?: { readonly scale: number };
  /** Server on which the company has its namespace; the run's own when absent. */
  readonly temporalAddress?: string;
  /** Waits and traffic of the fleet, where they are not those of every test. */
  readonly fleet?: Parameters<typeof startTestFleet>[0];
  /** Further settings of the programs. */
  readonly env?: NodeJS.ProcessEnv;
}

export async function openCompany(options: CompanyOptions = {}): Promise<Company> {
  if (!existsSync(join(root, 'dist/workflow-bundle.js')))
    throw new Error('dist/ is missing: run the tests with `npm test`, which builds it, or `npm run build` first.');
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-company-'));
  const [fleet, temporal, ledger] = [
    await startTestFleet(options.fleet),
    await openTemporal(options.temporalAddress),
    await makeRepository({ files: {} }),
  ];
  const policy = await makeRepository({ files: { ...examplePolicy(fleet.port), ...changesOf(options) } });
  const slack = await startSlackRules({ users: people, groups, channels, limits: options.limits ?? { scale: 20 } });
  const env = await settings({ folder, slack, temporal, policy, ledger, options });
  const children = new Map<Program, ChildProcess>();
  const company: Company = {
    slack,
    fleet,
    policy,
    ledger,
    temporal,
    env,
    botUrl: `http://127.0.0.1:${env.PORT_BOT}`,
    async start(program) {
      const log = createWriteStream(join(folder, `${program}.log`), { flags: 'a' });
      await once(log, 'open');
      const port = env[`PORT_${program.toUpperCase()}`];
      const child = spawn(process.execPath, [join(root, `dist/src/main/${program}.js`)], {
        env: { ...env, PORT: port },
        stdio: ['ignore', log, log],
      });
      children.set(program, child);
      await eventually(async () => {
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(
            `${program} ended: ${child.signalCode ?? child.exitCode}: ${company.log(program).slice(-2_000)}`,
          );
        const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
        if (!answer.ok) throw new Error(`${program} is not ready: ${await answer.text()}`);
      }, 60_000);
    },
    async kill(program) {
      const child = children.get(program);
      if (!child || child.exitCode !== null) return;
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
    pid: (program) => children.get(program)?.pid,
    async card(channel, holds, what) {
      const find = () =>
        slack
          .messages(channel)
          .filter((message) => !message.thread_ts && holds(message))
          .at(-1);
      try {
        return await slack.waitFor(find, { timeoutMs: 60_000, what });
      } catch (error) {
        const seen = slack
          .messages(channel)
          .map(({ text }) => text)
          .join('\n');
        const told = people
          .flatMap(({ id }) => slack.ephemerals(id).map(({ text }) => `${id} was told: ${text}`))
          .join('\n');
        throw new Error(`${what} did not come; ${channel} shows:
${seen}
${told}
${(error as Error).message}`);
      }
    },
    async versions(service) {
      const answer = await fetch(`http://127.0.0.1:${fleet.port}/services/${service}`);
      return ((await answer.json()) as { versions: { [version: string]: number } }).versions;
    },
    async adopt({ service, version, environment }) {
      const at = new Date().toISOString();
      const operation = `adopt-${service}-${environment}`;
      const own = await openLedger({
        url: ledger.url,
        ref: 'refs/heads/ledger',
        dataDir: join(folder, 'adopt'),
        signingKey: env.LEDGER_KEY,
        now: () => new Date(),
      });
      await own.append([
        {
          operationId: operation,
          event: 'adopted',
          index: 0,
          at,
          day: at.slice(0, 10),
          body: { version },
          state: { kind: 'succeeded', service, environment, version, operation, at },
        },
      ]);
    },
    async records(operationId) {
      const names = await ledger.git(['ls-tree', '-r', '--name-only', 'refs/heads/ledger']);
      const mine = names
        .split('\n')
        .filter((name) => name.includes(`/${operationId}/`))
        .sort();
      return Promise.all(mine.map(async (name) => JSON.parse(await ledger.read(name, 'ledger'))));
    },
    async cli(args, more = {}) {
      const child = spawn(process.execPath, [join(root, 'dist/src/main/cli.js'), ...args], {
        env: { ...env, SIGNALBOX_URL: company.botUrl, ...more },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const [out, err] = [collect(child.stdout), collect(child.stderr)];
      const [code] = (await once(child, 'exit')) as [number];
      return { code, out: await out, err: await err };
    },
    log: (program) =>
      existsSync(join(folder, `${program}.log`)) ? readFileSync(join(folder, `${program}.log`), 'utf8') : '',
    async close() {
      for (const child of children.values()) if (child.exitCode === null) child.kill('SIGKILL');
      await fleet.stop();
      await slack.stop();
      await temporal.close();
    },
  };
  return company;
}

/** All three programs, one after the other. */
export async function startAll(company: Company): Promise<void> {
  await Promise.all([company.start('worker'), company.start('runner')]);
  await company.start('bot');
  await company.slack.waitForSocket(1);
}

/** Closes it, however far it was opened, and fails when a program broke one of Slack's rules. */
export async function endWell(company: Company | undefined): Promise<void> {
  const broken = company?.slack.violations;
  await company?.close();
  expect(broken).toEqual([]);
}

async function settings(spec: {
  readonly folder: string;
  readonly slack: SlackRules;
  readonly temporal: TestTemporal;
  readonly policy: TestRepository;
  readonly ledger: TestRepository;
  readonly options: CompanyOptions;
}): Promise<NodeJS.ProcessEnv> {
  const { folder, slack, temporal, policy, ledger, options } = spec;
  const ports = await Promise.all([freePort(), freePort(), freePort()]);
  mkdirSync(join(folder, 'blobs'));
  const key = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
    SLACK_API_URL: slack.apiUrl,
    TEMPORAL_ADDRESS: options.temporalAddress ?? process.env.TEST_TEMPORAL_ADDRESS,
    TEMPORAL_NAMESPACE: temporal.namespace,
    ...(options.redisUrl ? { REDIS_URL: options.redisUrl } : {}),
    POLICY_REPO: policy.url,
    POLICY_POLL_MS: '500',
    LEDGER_REPO: ledger.url,
    LEDGER_KEY: key,
    RELAY_KEY: randomBytes(32).toString('hex'),
    BLOB_STORE: join(folder, 'blobs'),
    BLOB_KEY: randomBytes(32).toString('hex'),
    DATA_DIR: join(folder, 'data'),
    TIMINGS: JSON.stringify(timings),
    LOG_LEVEL: 'info',
    PORT_BOT: String(ports[0]),
    PORT_WORKER: String(ports[1]),
    PORT_RUNNER: String(ports[2]),
    ...options.env,
  };
}

/** The example's own tests say what its rules do: where a test has other rules, a policy with them would not bind. */
function changesOf({ policy = {} }: CompanyOptions): { readonly [path: string]: string | null } {
  return policy['policy.yaml'] === undefined ? policy : { 'policy_tests/production.yaml': null, ...policy };
}

/** The example company's repository, pointed at a fleet. */
export function examplePolicy(fleetPort: number): { [path: string]: string } {
  const folder = join(root, 'examples/policy');
  const files: { [path: string]: string } = {};
  const walk = (at: string): void => {
    for (const name of readdirSync(at)) {
      const path = join(at, name);
      if (statSync(path).isDirectory()) walk(path);
      else
        // A busy machine makes every answer slow, and that is not what these tests are about.
        files[relative(folder, path)] = readFileSync(path, 'utf8')
          .replaceAll('127.0.0.1:7400', `127.0.0.1:${fleetPort}`)
          .replaceAll(/p99_latency: <\d+m?s/g, 'p99_latency: <60s');
    }
  };
  walk(folder);
  return files;
}

const member = (id: string, name: string) => ({ id, name, real_name: name });
const people = [
  member('U0ANA', 'ana'),
  member('U0LEE', 'lee'),
  member('U0KIM', 'kim'),
  member('U0SAM', 'sam'),
  member('U0SUE', 'sue'),
  member('U0DAN', 'dan'),
  { ...member('U0GUS', 'gus'), is_restricted: true },
  { ...member('U0EVA', 'eva'), is_stranger: true, team_id: 'T0OTHER' },
  { ...member('U0OLD', 'old'), deleted: true },
];
const groups = [
  { id: 'S0SECURITY', handle: 'security', name: 'Security', users: ['U0SAM', 'U0SUE'] },
  { id: 'S0ONCALL', handle: 'oncall', name: 'On call', users: ['U0DAN'] },
];
const channels = ['deploys', 'deploys-prod', 'incidents', 'policy', 'watch'].map((name, index) => ({
  id: `C0${String(index + 1).padStart(6, '0')}`,
  name,
}));

async function collect(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}
