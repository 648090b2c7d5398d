import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Ajv from 'ajv/dist/2020';
import { parse } from 'yaml';
import { settingNames } from '../../src/config';
import { fileFormats, formatOf, schemaHeader } from '../../src/policy/file-formats';
import { settingsTable } from '../../src/main/cli/settings-table';
import { stepKinds } from '../../src/runbooks/step-kinds';
import { type } from './terminal';

const root = join(__dirname, '../..');
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'signalbox-cli-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('settings', () => {
  it('are explained, every one and no other', () => {
    expect(settingsTable.map(({ name }) => name)).toEqual(settingNames);
    for (const { about } of settingsTable) expect(about).toMatch(/^[\dA-Za-z].*\.$/);
  });

  it('stand in docs/operations.md as they do in the table', () => {
    const docs = readFileSync(join(root, 'docs/operations.md'), 'utf8');
    for (const { name, about } of settingsTable)
      expect(docs).toContain(`| \`${name}\` | ${about.replaceAll('|', '\\|')} |`);
  });
});

describe('init', () => {
  it('writes manifest, settings and a policy that binds, and says what comes next', async () => {
    const { code, out } = await type(['init', 'first'], { cwd: folder });
    expect(code).toBe(0);
    expect(out).toMatch(/signalbox doctor/);
    expect(parse(readFileSync(join(folder, 'first/manifest.yml'), 'utf8'))).toHaveProperty('features.slash_commands');
    const env = readFileSync(join(folder, 'first/.env.example'), 'utf8');
    for (const name of settingNames) expect(env).toMatch(new RegExp(`^(# )?${name}=`, 'm'));
    expect(await type(['policy', 'check', '--dir', 'first/policy'], { cwd: folder })).toMatchObject({ code: 0 });
  });

  it('never overwrites', async () => {
    await type(['init', '.'], { cwd: folder });
    writeFileSync(join(folder, 'policy/policy.yaml'), 'mine');
    const { code, err } = await type(['init', '.'], { cwd: folder });
    expect(code).toBe(1);
    expect(err).toMatch(/already there, so nothing was written/);
    expect(readFileSync(join(folder, 'policy/policy.yaml'), 'utf8')).toBe('mine');
  });
});

describe('manifest', () => {
  it('is the one in the repository', async () => {
    const { out } = await type(['manifest']);
    expect(parse(out)).toEqual(parse(readFileSync(join(root, 'manifest.yml'), 'utf8')));
  });

  it('names the address in HTTP mode', async () => {
    const { out } = await type(['manifest', '--http', 'https://box.example.com', '--json']);
    expect(JSON.parse(out).settings.event_subscriptions.request_url).toBe('https://box.example.com/slack/events');
    expect(await type(['manifest', '--http', 'http://box.example.com'])).toMatchObject({ code: 2 });
  });
});

describe('steps and schema', () => {
  it('lists every step kind', async () => {
    expect(JSON.parse((await type(['steps', '--json'])).out).map(({ name }: { name: string }) => name)).toEqual(
      stepKinds.map(({ name }) => name),
    );
    expect((await type(['steps'])).out).toMatch(/^http\/request$/m);
  });

  const validatorOf = async (format: string) =>
    new Ajv({ strict: false, logger: false }).compile(JSON.parse((await type(['schema', format])).out) as object);
  const formats = Object.keys(fileFormats);
  const policies = readdirSync(join(root, 'examples')).filter((name) =>
    existsSync(join(root, 'examples', name, 'policy.yaml')),
  );
  const examples = policies.flatMap((name) =>
    readdirSync(join(root, 'examples', name), { recursive: true, encoding: 'utf8' }).flatMap((path) => {
      const format = formatOf(path);
      return format === undefined ? [] : [{ path: join(name, path), format, header: schemaHeader(path) }];
    }),
  );

  it('there is an example of every format', () => {
    expect([...new Set(examples.map(({ format }) => format))].sort()).toEqual([...formats].sort());
  });

  it.each(examples)('$path passes the JSON Schema of its format', async ({ path, format, header }) => {
    const text = readFileSync(join(root, 'examples', path), 'utf8');
    const validate = await validatorOf(format);
    validate(parse(text));
    expect(validate.errors ?? []).toEqual([]);
    if (path.startsWith('policy/')) expect(text.split('\n')[0]).toBe(header);
  });

  it.each(examples.filter(({ path }) => path.startsWith('policy/')))(
    '$path with a misspelt key does not',
    async ({ path, format }) => {
      const example = parse(readFileSync(join(root, 'examples', path), 'utf8')) as object;
      const validate = await validatorOf(format);
      expect(validate({ ...example, freezez: [] })).toBe(false);
      expect(validate.errors).toEqual([expect.objectContaining({ keyword: 'additionalProperties' })]);
    },
  );

  it('takes as text what the reader takes as text', async () => {
    const validate = await validatorOf('policy_tests');
    const test = (version: unknown) => ({
      tests: [
        { name: 'x', at: '2026-11-24T10:00:00Z', request: { kind: 'deploy', version }, expect: { verdict: 'allowed' } },
      ],
    });
    expect([validate(test(1.1)), validate(test('v1')), validate(test(['v1']))]).toEqual([true, true, false]);
  });

  it('writes all of them where the headers of the example find them', async () => {
    await type(['init', 'edited'], { cwd: folder });
    const policyFolder = join(folder, 'edited/policy');
    for (const path of ['policy.yaml', 'configs/services/checkout.yaml', 'runbooks/provision/web.yaml']) {
      const [, schema] = /\$schema=(\S+)/.exec(readFileSync(join(policyFolder, path), 'utf8'))!;
      expect(existsSync(join(policyFolder, dirname(path), schema!))).toBe(true);
    }
    expect((await type(['schema', '--all', 'all'], { cwd: folder })).code).toBe(0);
    expect(readdirSync(join(folder, 'all')).sort()).toEqual(formats.map((name) => `${name}.json`).sort());
    expect((await type(['schema'])).code).toBe(2);
  });
});

describe('what cannot be understood', () => {
  it.each([
    [['deplyo'], /Unknown command 'deplyo'.*Did you mean deploy/],
    [['policy', 'chek'], /Unknown command 'chek'/],
    [['adopt', '--wat'], /Unknown option '--wat'/],
    [['start', '--only', 'cook'], /bot, worker, runner/],
    [['schema', 'cake'], /policy, people/],
  ])('%j is told in one sentence, with exit code 2', async (argv, words) => {
    const { code, out, err } = await type(argv);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(words);
  });
});

const cli = join(root, 'dist/src/main/cli.js');
describe('the built program', () => {
  it('runs, and ends with the code of its command', () => {
    const run = (...args: readonly string[]) =>
      spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8', env: { PATH: process.env.PATH } });
    expect(run('policy', 'check', '--dir', join(root, 'examples/policy'))).toMatchObject({ status: 0, stderr: '' });
    expect(run('policy', 'check', '--dir', folder)).toMatchObject({ status: 1 });
    const start = run('start');
    expect(start.status).toBe(78);
    expect(start.stderr).toMatch(/SLACK_BOT_TOKEN is not set[\s\S]*RELAY_KEY is not set/);
  });
});
