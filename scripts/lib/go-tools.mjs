import { chmodSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { withLock } from './lock.mjs';
import { inRoot, isProgram, lastLines, onPath, run } from './run.mjs';
import { say, Stop } from './say.mjs';

/** Programs that `go install` builds, and a setting that names a copy instead. */
const goTools = [
  { name: 'helm', setting: 'HELM_BIN', module: 'helm.sh/helm/v3/cmd/helm@v3.20.2' },
  { name: 'sops', setting: 'SOPS_BIN', module: 'github.com/getsops/sops/v3/cmd/sops@v3.11.0' },
  { name: 'age-keygen', setting: 'AGE_KEYGEN_BIN', module: 'filippo.io/age/cmd/age-keygen@v1.2.1' },
];

const tools = inRoot('.tools');

/** Whether a program is there and answers. */
export async function starts(program) {
  // What asks the network whether there is a newer one would take until it gives up.
  const env = { ...process.env, SOPS_DISABLE_VERSION_CHECK: 'true' };
  for (const args of [['--version'], ['version']])
    if (isProgram(program) && (await run(program, args, { limitMs: 10_000, env })).code === 0) return true;
  return false;
}

export async function firstThatStarts(candidates) {
  for (const candidate of candidates) if (candidate && (await starts(candidate))) return candidate;
  return undefined;
}

/**
 * Settings that name the programs of Go that the tests run: those on PATH, else ones of our own in .tools. Builds take
 * minutes and wait for the network at first, so this goes on beside the rest of the set-up; `await` it at the end.
 */
export function ensureGoTools() {
  const work = async () => {
    const paths = {};
    for (const tool of goTools) paths[tool.setting] = await ensureGoTool(tool);
    return paths;
  };
  const made = work();
  // Whoever awaits it hears of it; nobody does while the rest of the set-up is still at work.
  made.catch(() => undefined);
  return made;
}

async function ensureGoTool({ name, setting, module }) {
  if (process.env[setting]) return process.env[setting];
  const own = join(tools, name);
  const found = await firstThatStarts([onPath(name), own]);
  if (found) return found;
  return withLock(join(tools, 'go.lock'), `building ${name}`, async () => {
    if ((await starts(own)) || (await buildWithGo({ what: name, module, target: own }))) return own;
    throw new Stop(
      `The tests run the real ${name}: install it, or install Go so that this script can build it, or set ${setting} to the path of a copy, and try again.`,
    );
  });
}

export async function buildWithGo({ what, module, target }) {
  const go = onPath('go');
  if (!go) {
    say(`Go is not installed, so ${what} cannot be built here.`);
    return false;
  }
  say(`Building ${what} ${module.split('@')[1]} with Go (2 to 5 minutes, once).`);
  const folder = join(tools, `build-${basename(target)}-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const heartbeat = setInterval(() => say(`Still building ${what}.`), 30_000);
  try {
    const env = { ...process.env, GOBIN: folder, GOFLAGS: '' };
    const result = await run(go, ['install', module], { env });
    if (result.code !== 0) {
      say(`The build did not succeed:\n${lastLines(result)}`);
      return false;
    }
    renameSync(join(folder, basename(target)), target);
    chmodSync(target, 0o755);
    say(`${what[0].toUpperCase()}${what.slice(1)} is built and kept in .tools.`);
  } finally {
    clearInterval(heartbeat);
    rmSync(folder, { recursive: true, force: true });
  }
  return starts(target);
}
