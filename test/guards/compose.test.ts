import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { botNeeds } from '../../src/main/start-bot';
import { runnerNeeds } from '../../src/main/start-runner';
import { workerNeeds } from '../../src/main/start-worker';

const root = join(__dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}
interface Service {
  readonly image?: string;
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly healthcheck?: object;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly environment?: Readonly<Record<string, unknown>>;
  readonly volumes?: readonly string[];
  readonly env_file?: readonly { readonly path: string }[];
}

const compose = parse(read('docker-compose.yml'), { merge: true }) as Compose;
const services = Object.entries(compose.services);

function schemaProblems(document: unknown): readonly string[] {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats(ajv);
  ajv.addFormat('ports', true).addFormat('expose', true);
  const validate = ajv.compile(JSON.parse(read('test/guards/fixtures/compose-spec.json')) as object);
  return validate(document) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}

test('docker-compose.yml fits the Compose schema', () => {
  expect(schemaProblems(compose)).toEqual([]);
});

test('control: the schema refuses a misspelt key and a wrong type', () => {
  expect(schemaProblems({ services: { bot: { imagge: 'x' } } })).not.toEqual([]);
  expect(schemaProblems({ services: { bot: { image: 'x', ports: '3000' } } })).not.toEqual([]);
});

test('every service has a health check', () => {
  expect(services.filter(([, service]) => !service.healthcheck).map(([name]) => name)).toEqual([]);
});

test('nothing is reachable from outside the machine', () => {
  const ports = services.flatMap(([, service]) => service.ports ?? []);
  expect(ports.length).toBeGreaterThan(0);
  expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
});

test('every image has a version, and every service waits only for services that exist', () => {
  for (const [, service] of services) {
    if (service.image) expect(service.image).toMatch(/:[^:]*\d/);
    expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(Object.keys(service.depends_on ?? {})));
  }
});

test('Redis keeps what it acknowledged', () => {
  expect(compose.services.redis?.command?.join(' ')).toContain('--appendonly yes');
  expect(compose.services.redis?.volumes?.length).toBe(1);
});

test('bot, worker and runner start the programs that the build makes', () => {
  for (const name of ['bot', 'worker', 'runner']) {
    expect(compose.services[name]?.command).toEqual(['node', `dist/src/main/${name}.js`]);
    expect(existsSync(join(root, `src/main/${name}.ts`))).toBe(true);
  }
});

test('no secret is written in the file', () => {
  const secrets = /TOKEN|SECRET|PASSWORD|_KEY$/;
  const written = services.flatMap(([name, service]) =>
    Object.entries(service.environment ?? {})
      .filter(([key, value]) => secrets.test(key) && !/^\$\{[A-Z_]+(:\?[^}]*|:-)?\}$/.test(String(value)))
      .map(([key]) => `${name}: ${key}`),
  );
  expect(written).toEqual([]);
});

/** What a program must never hold (docs/security.md), by the names of settings. */
const kept: { readonly [program: string]: RegExp } = {
  bot: /^(LEDGER_KEY|BLOB_KEY)(_FILE)?$/,
  worker: /^(SLACK_|TOKENS_FILE|SECOND_FACTORS_FILE)/,
  runner: /^(SLACK_|RELAY_KEY|LEDGER_|POLICY_|REDIS_URL|TOKENS_FILE|SECOND_FACTORS_FILE)/,
};

test.each(Object.entries(kept))('the %s is given no secret of the others', (name, forbidden) => {
  const { environment = {}, env_file: files = [] } = compose.services[name]!;
  const only = name === 'runner' ? ['runner.env'] : [];

  expect(Object.keys(environment).filter((key) => forbidden.test(key))).toEqual([]);
  expect(files.map(({ path }) => path)).toEqual(only);
});

test.each([
  ['bot', botNeeds],
  ['worker', workerNeeds],
  ['runner', runnerNeeds],
] as const)('the %s is given every setting that it cannot start without', (name, needs) => {
  expect(Object.keys(compose.services[name]?.environment ?? {})).toEqual(expect.arrayContaining([...needs]));
});

test('the ledger key, the tokens and the mirrors lie where the runner cannot read them', () => {
  const volumesOf = (name: string) => (compose.services[name]?.volumes ?? []).map((volume) => volume.split(':')[0]);

  expect(volumesOf('runner')).toEqual(['runner-data', 'blobs', 'logs']);
  // Of what the runner writes the bot only reads.
  expect(compose.services.bot?.volumes).toContain('logs:/logs:ro');
  expect(['bot', 'worker'].flatMap(volumesOf)).not.toContain('runner-data');
  expect(volumesOf('worker').filter((volume) => volumesOf('bot').includes(volume))).toEqual([]);
});

test('signalbox.env.example has every variable that docker-compose.yml insists on, and no other name', () => {
  const offered = [...read('signalbox.env.example').matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name!);
  const used = [...read('docker-compose.yml').matchAll(/\$\{([A-Z_]+)(:\?)?/g)];
  const insisted = used.filter(([, , must]) => must).map(([, name]) => name!);

  expect(offered).toEqual(expect.arrayContaining(insisted));
  expect(used.map(([, name]) => name)).toEqual(expect.arrayContaining(offered));
});
