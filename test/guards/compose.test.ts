import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

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
      .filter(([key, value]) => secrets.test(key) && !/^\$\{[A-Z_]+(:\?[^}]*)?\}$/.test(String(value)))
      .map(([key]) => `${name}: ${key}`),
  );
  expect(written).toEqual([]);
});
