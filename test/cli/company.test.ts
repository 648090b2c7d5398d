import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { examplePolicy, openCompany, type Company } from '../helpers/company';
import { eventually } from '../helpers/temporal';

// Three real programs on a busy machine take their time.
jest.setTimeout(240_000);

/** The built program against `signalbox start`: bot, worker and runner in one real process. */
let company: Company;
let program: ChildProcess;
const token = randomBytes(16).toString('hex');

beforeAll(async () => {
  const policy = { 'policy.yaml': examplePolicy(0)['policy.yaml']!.replaceAll('watch: 5s', 'watch: 500ms') };
  company = await openCompany({ policy });
  const file = join(mkdtempSync(join(tmpdir(), 'signalbox-tokens-')), 'tokens.yaml');
  const sha256 = createHash('sha256').update(token).digest('hex');
  writeFileSync(file, `tokens: [{ sha256: ${sha256}, person: U0ANA }]\n`);
  company.env.TOKENS_FILE = file;
  const cli = join(__dirname, '../../dist/src/main/cli.js');
  program = spawn(process.execPath, [cli, 'start'], {
    env: { ...company.env, PORT: company.env.PORT_BOT },
    stdio: 'ignore',
  });
  await eventually(async () => {
    if (!(await fetch(`${company.botUrl}/readyz`)).ok) throw new Error('it is not ready yet');
  }, 30_000);
});
afterAll(async () => {
  if (program.exitCode === null) program.kill('SIGKILL');
  await company.close();
});

const cli = (...args: readonly string[]) => company.cli(args, { SIGNALBOX_TOKEN: token });

it('adopts, deploys with --wait, shows, and goes back to what was adopted', async () => {
  const adopted = await cli('adopt', 'search', 'v2.3.0', 'in', 'staging');
  expect(adopted).toMatchObject({ code: 0, out: expect.stringMatching(/is recorded as what runs in staging/) });

  const deployed = await cli('deploy', 'search', 'v2.4.0', 'to', 'staging', '--reason', 'cart fix', '--wait');
  expect(deployed.code).toBe(0);
  expect(deployed.out).toMatch(/Succeeded\./);
  const id = /^Id: (.+)\.$/m.exec(deployed.out)![1]!;

  const shown = await cli('show', id, '--json');
  expect(JSON.parse(shown.out)).toMatchObject({ id, state: 'succeeded', reason: 'cart fix', version: 'v2.4.0' });

  const back = await cli('rollback', 'search', 'in', 'staging', '--wait', '--json');
  expect(JSON.parse(back.out)).toMatchObject({ state: 'succeeded' });
  expect(await company.versions('search')).toEqual({ 'v2.3.0': expect.any(Number) });

  expect(await cli('audit', 'verify')).toMatchObject({ code: 0 });
});

it('is denied with the reason and exit code 1', async () => {
  const { code, out } = await cli('deploy', 'checkout', 'v2.4.0', 'to', 'archive', '--wait');
  expect(code).toBe(1);
  expect(out).toMatch(/archive is closed/);
});

it('lists what waits, approves nothing of one’s own, and cancels it', async () => {
  const started = await cli('deploy', 'checkout', 'v2.4.0', 'to', 'production', '--json');
  const { id } = JSON.parse(started.out) as { id: string };
  const digest = await waitingDigest(id);
  const vote = await cli('vote', 'approve', id, '--digest', digest);
  expect(vote).toMatchObject({ code: 1, err: expect.stringMatching(/you asked for this yourself/) });
  expect((await cli('status')).out).toMatch(/checkout .*waiting for/);
  expect(await cli('cancel', id)).toMatchObject({ code: 0 });
  expect(await cli('show', id, '--wait')).toMatchObject({ code: 1, out: expect.stringMatching(/Cancelled/) });
});

it('turns a wrong token away', async () => {
  const { code, err } = await company.cli(['status'], { SIGNALBOX_TOKEN: 'wrong' });
  expect(code).toBe(78);
  expect(err).toMatch(/A token is needed/);
});

it('ends all three parts at SIGTERM', async () => {
  const ended = once(program, 'exit');
  program.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

async function waitingDigest(id: string): Promise<string> {
  for (;;) {
    const { code, out } = await cli('show', id);
    const digest = /about the digest ([0-9a-f]+)\./.exec(out)?.[1];
    if (code === 0 && digest !== undefined) return digest;
  }
}
