import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { makeRepository, type TestRepository } from '../helpers/git-repository';
import { type } from './terminal';

const good = {
  'policy.yaml': 'version: 1\nteams: { leads: { users: [U0LEE] } }\nenvironments: { staging: {} }\n',
  'runbooks/restart.yaml': 'name: restart\nsteps:\n  - { uses: fail, with: { message: no } }\n',
};
const bad = {
  ...good,
  'runbooks/broken.yaml': `name: broken
steps:
  - uses: http/requets
  - id: two
    uses: expect
    with: { that: 'steps.three.outputs.x == 1' }
`,
  'actions/odd.yaml': 'name: other\nsteps:\n  - { uses: fail, with: { message: no } }\n',
};

let folder: string;
let repository: TestRepository;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-cli-runbook-'));
  repository = await makeRepository({ files: good });
});
afterAll(async () => {
  await repository.remove();
  rmSync(folder, { recursive: true, force: true });
});

function folderOf(name: string, files: { readonly [path: string]: string }): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name, path)), { recursive: true });
    writeFileSync(join(folder, name, path), text);
  }
  return join(folder, name);
}

describe('signalbox runbook check', () => {
  test('lists every problem of runbooks and actions with its place, and exits 1', async () => {
    const ended = await type(['runbook', 'check', '--dir', folderOf('bad', bad)]);
    expect(ended.code).toBe(1);
    const lines = ended.out.split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^runbooks\/broken\.yaml:3:5: .*http\/requets.*http\/request/);
    expect(lines[1]).toMatch(/^runbooks\/broken\.yaml:6:\d+: .*three/);
    expect(lines[2]).toMatch(/^actions\/odd\.yaml:1:1: "name" is other/);
    expect(ended.err).toMatch(/have 3 problems\.$/);
  });

  test('says the same as JSON', async () => {
    const ended = await type(['runbook', 'check', '--json', '--dir', folderOf('bad', bad)]);
    expect(ended.code).toBe(1);
    expect(JSON.parse(ended.out)).toMatchObject({
      ok: false,
      files: ['actions/odd.yaml', 'runbooks/broken.yaml', 'runbooks/restart.yaml'],
      problems: [{ file: 'runbooks/broken.yaml', line: 3, column: 5 }, { line: 6 }, { file: 'actions/odd.yaml' }],
    });
  });

  test('looks at the named ones only, and knows no others', async () => {
    const dir = folderOf('bad', bad);
    expect(await type(['runbook', 'check', 'restart', '--dir', dir])).toMatchObject({ code: 0 });
    expect(await type(['runbook', 'check', 'broken', '--dir', dir])).toMatchObject({ code: 1 });
    const ended = await type(['runbook', 'check', 'restrat', '--dir', dir]);
    expect(ended).toMatchObject({ code: 2, out: '' });
    expect(ended.err).toContain('There is no runbook or action "restrat" here; there are: broken, odd, restart.');
  });

  test('says that other files have problems, too, where runbooks have none', async () => {
    const dir = folderOf('elsewhere', { ...good, 'policy.yaml': 'version: 1\nenviroments: {}\n' });
    const ended = await type(['runbook', 'check', '--dir', dir]);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.err).toContain('"signalbox policy check" lists them');
  });

  test.each([
    ['a repository', () => ['--repo', repository.url]],
    ['the examples', () => ['--dir', resolve('examples/policy')]],
  ])('accepts %s', async (_what, place) => {
    expect(await type(['runbook', 'check', ...place()])).toMatchObject({ code: 0, err: '' });
  });

  test('a folder that is not there is bad input', async () => {
    expect(await type(['runbook', 'check', '--dir', join(folder, 'nowhere')])).toMatchObject({ code: 2 });
  });
});

describe('signalbox runbook graph', () => {
  test.each([
    ['a runbook', 'restart', 'restart'],
    ['an action', 'odd', 'odd'],
  ])('prints %s as Mermaid', async (_what, name, title) => {
    const dir = folderOf('graph', { ...good, 'actions/odd.yaml': bad['actions/odd.yaml'].replace('other', 'odd') });
    const ended = await type(['runbook', 'graph', name, '--dir', dir]);
    expect(ended).toMatchObject({ code: 0, err: '' });
    expect(ended.out).toBe(`flowchart TD\n  subgraph g1["${title}"]\n    s2["step_1: fail"]\n  end`);
  });

  test('is bad input for a name that does not exist and for a policy that cannot be read', async () => {
    expect(await type(['runbook', 'graph', 'x', '--dir', folderOf('graph', good)])).toMatchObject({ code: 2 });
    expect(await type(['runbook', 'graph', 'restart', '--dir', folderOf('bad', bad)])).toMatchObject({ code: 2 });
  });
});

test('signalbox runbook run --check asks the bot for a check, and other subcommands are still the bot’s', async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => (body += String(part)));
    request.on('end', () => {
      asked.push((JSON.parse(body) as { text: string }).text);
      response.end(JSON.stringify({ kind: 'told', sentence: 'Understood.' }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const env = { SIGNALBOX_URL: `http://127.0.0.1:${port}`, SIGNALBOX_TOKEN: 'token' };
  try {
    const ended = await type(['runbook', 'run', 'restart', 'web', '--check', '--json'], { env });
    expect(ended).toMatchObject({ code: 0, err: '' });
    await type(['runbook', 'list', 'restart'], { env });
  } finally {
    server.close();
  }
  expect(asked).toEqual(['runbook run restart web --check', 'runbook list restart']);
});
