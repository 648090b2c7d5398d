import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inRoot, lastLines, run } from '../lib/run.mjs';
import { say, Stop } from '../lib/say.mjs';

const env = {
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Kestrel Pay',
  GIT_AUTHOR_EMAIL: 'policy@kestrel.example',
  GIT_COMMITTER_NAME: 'Kestrel Pay',
  GIT_COMMITTER_EMAIL: 'policy@kestrel.example',
};

async function git(cwd, ...args) {
  const result = await run('git', args, { cwd, env });
  if (result.code === 127) throw new Stop('Signalbox keeps policy and records in Git: install git and try again.');
  if (result.code !== 0) throw new Stop(`git ${args[0]} failed while the demo was set up:\n${lastLines(result)}`);
  return result.stdout.trim();
}

/** A bare repository to push records to, made once. */
export async function ensureLedger(path) {
  if (!existsSync(path)) await git(inRoot(), 'init', '--quiet', '--bare', '--initial-branch=ledger', path);
}

/**
 * The example company's policy as a real bare repository. Made from `examples/policy` once; what people push to it
 * later is kept, except for the address of the fleet, which is committed anew when its port is another one.
 */
export async function ensurePolicy({ path, fleetUrl, prepare = () => undefined }) {
  const made = !existsSync(path);
  if (made) await git(inRoot(), 'init', '--quiet', '--bare', '--initial-branch=main', path);
  const tree = mkdtempSync(join(tmpdir(), 'signalbox-policy-'));
  try {
    await git(inRoot(), 'clone', '--quiet', path, tree);
    if (made || (await isEmpty(tree))) cpSync(inRoot('examples/policy'), tree, { recursive: true });
    pointAtFleet(join(tree, 'connections'), fleetUrl);
    prepare(tree);
    await git(tree, 'add', '--all');
    if ((await git(tree, 'status', '--porcelain')) === '') return;
    await git(tree, 'commit', '--quiet', '-m', made ? "Kestrel Pay's policy" : 'Follow the demo to its new address');
    await git(tree, 'push', '--quiet', 'origin', 'HEAD:main');
    if (made) for (const branch of branchesIn(tree)) await git(tree, 'push', '--quiet', 'origin', `HEAD:${branch}`);
    say(
      made ? `Made the policy repository ${path}.` : 'Committed the new address of the fleet to the policy repository.',
    );
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

async function isEmpty(tree) {
  return (await run('git', ['rev-parse', '--verify', '--quiet', 'HEAD'], { cwd: tree, env })).code !== 0;
}

function pointAtFleet(folder, fleetUrl) {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const file = join(folder, name);
    const text = readFileSync(file, 'utf8');
    const pointed = text.replace(/http:\/\/(127\.0\.0\.1|localhost):\d+/g, fleetUrl);
    if (pointed !== text) writeFileSync(file, pointed);
  }
}

/** Branches that environments of the policy read their own files from. */
function branchesIn(tree) {
  const text = readFileSync(join(tree, 'policy.yaml'), 'utf8');
  const named = [...text.matchAll(/\bbranch:\s*["']?([\w./-]+)/g)].map((match) => match[1]);
  return [...new Set(named)].filter((branch) => branch !== 'main');
}
