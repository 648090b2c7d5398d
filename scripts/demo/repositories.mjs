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

/** Where the demo remembers the example as it last put it into the repository. */
const EXAMPLE = 'refs/signalbox/example';

/**
 * The example company's policy as a real bare repository. What people push to it is kept: when `examples/policy` or the
 * fleet's address has changed since the last start, only that difference is merged into its branches.
 */
export async function ensurePolicy({ path, fleetUrl }) {
  const made = !existsSync(path);
  if (made) await git(inRoot(), 'init', '--quiet', '--bare', '--initial-branch=main', path);
  const tree = mkdtempSync(join(tmpdir(), 'signalbox-policy-'));
  try {
    await git(inRoot(), 'init', '--quiet', '--initial-branch=example', tree);
    await git(tree, 'fetch', '--quiet', path, '+refs/heads/*:refs/kept/*', '+refs/signalbox/*:refs/signalbox/*');
    const example = await commitExample(tree, fleetUrl);
    const changed = [];
    for (const branch of branchesIn(tree)) if (await bring({ tree, path, branch, example })) changed.push(branch);
    await git(tree, 'push', '--quiet', '--force', path, `${example}:${EXAMPLE}`);
    if (made) say(`Made the policy repository ${path}.`);
    else if (changed.length > 0)
      say(`Brought the changed example to ${changed.join(' and ')} of the policy repository.`);
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

/** The example as it is now, as a commit after the last one; the same commit when nothing has changed. */
async function commitExample(tree, fleetUrl) {
  const before = (await commitOf(tree, EXAMPLE)) ?? (await firstCommit(tree));
  if (before) await git(tree, 'reset', '--quiet', '--soft', before);
  cpSync(inRoot('examples/policy'), tree, { recursive: true });
  pointAtFleet(join(tree, 'connections'), fleetUrl);
  await git(tree, 'add', '--all');
  if (before && (await git(tree, 'status', '--porcelain')) === '') return before;
  await git(tree, 'commit', '--quiet', '-m', before ? 'Follow the example' : "Kestrel Pay's policy");
  return git(tree, 'rev-parse', 'HEAD');
}

/** Merges the example into a branch; where both changed the same lines, people's own stay. Whether it moved. */
async function bring({ tree, path, branch, example }) {
  const kept = await commitOf(tree, `refs/kept/${branch}`);
  await git(tree, 'checkout', '--quiet', '--force', '--detach', kept ?? example);
  if (kept) {
    const merge = ['merge', '--quiet', '--no-edit', '-X', 'ours', '-m', 'Follow the example', example];
    const merged = await run('git', merge, { cwd: tree, env });
    if (merged.code !== 0) {
      say(
        `The changed example does not fit what was pushed to ${branch}, which stays as it is: delete ${path} to begin anew.`,
      );
      return false;
    }
  }
  if ((await git(tree, 'rev-parse', 'HEAD')) === kept) return false;
  await git(tree, 'push', '--quiet', path, `HEAD:refs/heads/${branch}`);
  return true;
}

async function commitOf(tree, ref) {
  const found = await run('git', ['rev-parse', '--verify', '--quiet', `${ref}^{commit}`], { cwd: tree, env });
  return found.code === 0 ? found.stdout.trim() : undefined;
}

/** Repositories made before the example was remembered began with it. */
async function firstCommit(tree) {
  const main = await commitOf(tree, 'refs/kept/main');
  return main && (await git(tree, 'rev-list', '--max-parents=0', main)).split('\n')[0];
}

function pointAtFleet(folder, fleetUrl) {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const file = join(folder, name);
    const text = readFileSync(file, 'utf8');
    const pointed = text.replace(/http:\/\/(127\.0\.0\.1|localhost):\d+/g, fleetUrl);
    if (pointed !== text) writeFileSync(file, pointed);
  }
}

/** Branches that environments of the policy read their own files from, and main. */
function branchesIn(tree) {
  const text = readFileSync(join(tree, 'policy.yaml'), 'utf8');
  const named = [...text.matchAll(/\bbranch:\s*["']?([\w./-]+)/g)].map((match) => match[1]);
  return [...new Set(['main', ...named])];
}
