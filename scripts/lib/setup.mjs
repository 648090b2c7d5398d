import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { buildWithGo, firstThatStarts, starts } from './go-tools.mjs';
import { makeKafka } from './kafka.mjs';
import { withLock } from './lock.mjs';
import { inRoot, isProgram, lastLines, onPath, root, run } from './run.mjs';
import { say, Stop } from './say.mjs';

/** Set-up without dependencies: everything here works in a fresh clone with nothing but Node.js. */

const TEMPORAL_VERSION = 'v1.5.1';
/** The newest that `go install` builds. */
const TERRAFORM_VERSION = 'v1.5.7';
const ANSIBLE_VERSION = '2.19.14';
const TEMPORAL_PYTHON_VERSION = '1.35.0';
const MOTO_VERSION = '5.2.5';
const tools = inRoot('.tools');
const locked = (what, work) => withLock(join(tools, 'setup.lock'), what, work);

export function ensureNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 11))
    throw new Stop(
      `Signalbox needs Node.js 20.11 or newer, and this is ${process.versions.node}: install a newer one and try again.`,
    );
}

/** `npm ci` when node_modules is missing or was made from another lock file. */
export async function ensurePackages() {
  const stamp = inRoot('node_modules/.signalbox-lock');
  const installed = inRoot('node_modules/.package-lock.json');
  const wanted = createHash('sha256')
    .update(readFileSync(inRoot('package-lock.json')))
    .digest('hex');
  const current = () => {
    if (!existsSync(installed)) return false;
    if (existsSync(stamp)) return readFileSync(stamp, 'utf8') === wanted;
    return statSync(installed).mtimeMs >= statSync(inRoot('package-lock.json')).mtimeMs;
  };
  if (current()) return;
  // npm empties the folder before it installs, and would follow the link into somebody else's.
  if (lstatSync(inRoot('node_modules'), { throwIfNoEntry: false })?.isSymbolicLink())
    throw new Stop(
      'node_modules is a link to another folder, which `npm ci` would empty: remove the link, or bring the folder it names up to date yourself, and try again.',
    );
  await locked('installing npm packages', async () => {
    if (current()) return;
    say('Installing npm packages from the lock file (about 40 s the first time).');
    const result = await run('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts']);
    if (result.code !== 0)
      throw new Stop(
        `npm could not install the packages; check the network and the registry, then try again. It said:\n${lastLines(result)}`,
      );
    writeFileSync(stamp, wanted);
    say('npm packages are installed.');
  });
}

/** Path of a Temporal CLI that starts. */
export async function ensureTemporal() {
  if (process.env.TEMPORAL_CLI) {
    if (await starts(process.env.TEMPORAL_CLI)) return process.env.TEMPORAL_CLI;
    throw new Stop(`TEMPORAL_CLI is set to ${process.env.TEMPORAL_CLI}, which does not start: correct or unset it.`);
  }
  const cached = join(tools, 'temporal');
  const found = await firstThatStarts([onPath('temporal'), cached]);
  if (found) return found;
  return locked('getting the Temporal CLI', async () => {
    if (await starts(cached)) return cached;
    if (await downloadTemporal(cached)) return cached;
    if (await buildTemporal(cached)) return cached;
    throw new Stop(
      'The Temporal command line could neither be found nor downloaded nor built: install it (https://temporal.io/setup/install-temporal-cli), ' +
        'or install Go so that this script can build it, or set TEMPORAL_CLI to the path of a copy, and try again.',
    );
  });
}

/** The SDK's own download; the limit keeps a machine without network from waiting. */
async function downloadTemporal(target) {
  if (!existsSync(inRoot('node_modules/@temporalio/testing'))) return false;
  say('Trying to download the Temporal CLI (10 s at most).');
  const folder = join(tools, `download-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const script = `require('@temporalio/testing').TestWorkflowEnvironment.createLocal({ server: { executable: {
    type: 'cached-download', downloadDir: process.argv[1] } } }).then((e) => e.teardown()).then(() => process.exit(0), () => process.exit(1));`;
  try {
    const result = await run(process.execPath, ['-e', script, folder], { limitMs: 10_000 });
    const file = readdirSync(folder).find((name) => name.startsWith('temporal') && isProgram(join(folder, name)));
    if (result.code !== 0 || !file) {
      say('The download did not succeed.');
      return false;
    }
    renameSync(join(folder, file), target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return starts(target);
}

function buildTemporal(target) {
  return buildWithGo({
    what: 'the Temporal CLI',
    module: `github.com/temporalio/cli/cmd/temporal@${TEMPORAL_VERSION}`,
    target,
  });
}

/**
 * `{ url }` of a Redis that runs already, `{ server }` to start one, or undefined when there is none to be had. `own`
 * asks for one to start whatever REDIS_URL says.
 */
export async function ensureRedis({ own = false } = {}) {
  if (process.env.REDIS_URL && !own) return { url: process.env.REDIS_URL };
  const server = process.env.REDIS_SERVER ?? (await ensureDebian('redis-server', ['redis-server'], ['redis-server']));
  return server ? { server } : undefined;
}

/** Folder with PostgreSQL's initdb and postgres, or undefined. */
export async function ensurePostgres() {
  if (process.env.POSTGRES_BIN) return process.env.POSTGRES_BIN;
  const found = await ensureDebian('PostgreSQL', [newestPostgres], ['postgresql']);
  return found && dirname(found);
}

/** Debian keeps the server's own programs away from PATH, one folder a version. */
function newestPostgres() {
  const base = '/usr/lib/postgresql';
  const versions = existsSync(base) ? readdirSync(base).sort((left, right) => Number(right) - Number(left)) : [];
  return [onPath('initdb'), ...versions.map((version) => join(base, version, 'bin/initdb'))].find(
    (path) => path !== undefined && existsSync(path),
  );
}

/** Folder with the jars of Kafka, Connect and Debezium, or undefined. */
export async function ensureKafka() {
  return process.env.KAFKA_JARS ?? locked('getting Kafka', () => makeKafka(tools));
}

/** Folder with `ansible-playbook`: one on PATH, else a Python environment of our own in .tools; undefined when neither can be had. */
export async function ensureAnsible() {
  if (process.env.ANSIBLE_BIN) return process.env.ANSIBLE_BIN;
  const folder = join(tools, 'ansible');
  const own = join(folder, 'bin/ansible-playbook');
  const found = await firstThatStarts([onPath('ansible-playbook'), own]);
  const python = onPath('python3');
  if (found || !python) return found && dirname(found);
  return locked('installing Ansible', async () => {
    if (await starts(own)) return dirname(own);
    say(`Installing ansible-core ${ANSIBLE_VERSION} into .tools (about 20 s, once).`);
    rmSync(folder, { recursive: true, force: true });
    const made = await run(python, ['-m', 'venv', folder]);
    const pip = join(folder, 'bin/pip');
    const result = made.code === 0 ? await run(pip, ['install', '-q', `ansible-core==${ANSIBLE_VERSION}`]) : made;
    if (result.code !== 0) say(`Ansible could not be installed:\n${lastLines(result)}`);
    return (await starts(own)) ? dirname(own) : undefined;
  });
}

/** Path of Terraform or OpenTofu: one on PATH, else a Terraform of our own in .tools; undefined when none can be had. */
export async function ensureTerraform() {
  if (process.env.TERRAFORM_BIN) return process.env.TERRAFORM_BIN;
  const own = join(tools, 'terraform');
  const found = await firstThatStarts([onPath('terraform'), onPath('tofu'), own]);
  if (found) return found;
  return locked('getting Terraform', async () => {
    if (await starts(own)) return own;
    const module = `github.com/hashicorp/terraform@${TERRAFORM_VERSION}`;
    return (await buildWithGo({ what: 'Terraform', module, target: own })) ? own : undefined;
  });
}

/** Path of a Python that has Temporal's SDK, in an environment of our own in .tools; undefined when none can be had. */
export async function ensureTemporalPython() {
  if (process.env.TEMPORAL_PYTHON) return process.env.TEMPORAL_PYTHON;
  const folder = join(tools, 'temporal-python');
  const own = join(folder, 'bin/python');
  const has = async () => isProgram(own) && (await run(own, ['-c', 'import temporalio.worker'])).code === 0;
  const python = onPath('python3');
  if (await has()) return own;
  if (!python) return undefined;
  return locked("installing Temporal's SDK for Python", async () => {
    if (await has()) return own;
    say(`Installing temporalio ${TEMPORAL_PYTHON_VERSION} into .tools (about 20 s, once).`);
    rmSync(folder, { recursive: true, force: true });
    const made = await run(python, ['-m', 'venv', folder]);
    const pip = join(folder, 'bin/pip');
    const result = made.code === 0 ? await run(pip, ['install', '-q', `temporalio==${TEMPORAL_PYTHON_VERSION}`]) : made;
    if (result.code !== 0) say(`It could not be installed:\n${lastLines(result)}`);
    return (await has()) ? own : undefined;
  });
}

/** Path of a Python that has moto, an S3 server that checks signatures, in an environment of our own in .tools; undefined when none can be had. */
export async function ensureMoto() {
  if (process.env.MOTO_PYTHON) return process.env.MOTO_PYTHON;
  const folder = join(tools, 'moto');
  const own = join(folder, 'bin/python');
  const has = async () => isProgram(own) && (await run(own, ['-c', 'import moto.server'])).code === 0;
  const python = onPath('python3');
  if (await has()) return own;
  if (!python) return undefined;
  return locked('installing moto', async () => {
    if (await has()) return own;
    say(`Installing moto ${MOTO_VERSION} into .tools (about 20 s, once).`);
    rmSync(folder, { recursive: true, force: true });
    const made = await run(python, ['-m', 'venv', folder]);
    // Of all that a server of moto can need, only what S3 and the users of IAM do: the rest takes minutes.
    const wanted = [`moto[s3]==${MOTO_VERSION}`, 'flask', 'flask-cors'];
    const result =
      made.code === 0 ? await run(join(folder, 'bin/pip'), ['install', '-q', '--no-compile', ...wanted]) : made;
    if (result.code !== 0) say(`It could not be installed:\n${lastLines(result)}`);
    return (await has()) ? own : undefined;
  });
}

/** Path of the Go example of `requestApproval`, built; undefined when Go or its modules cannot be had. */
export async function ensureApprovalGo() {
  if (process.env.APPROVAL_GO) return process.env.APPROVAL_GO;
  const go = onPath('go');
  const source = inRoot('docs/examples/approval-go');
  if (!go) return undefined;
  const hash = createHash('sha256');
  for (const file of ['main.go', 'go.mod', 'go.sum']) hash.update(readFileSync(join(source, file)));
  const own = join(tools, `approval-go-${hash.digest('hex').slice(0, 12)}`);
  if (isProgram(own)) return own;
  return locked('building the Go example', async () => {
    if (isProgram(own)) return own;
    say('Building docs/examples/approval-go (about a minute, once).');
    const result = await run(go, ['build', '-o', own, '.'], { cwd: source, env: { ...process.env, GOFLAGS: '' } });
    if (result.code !== 0) say(`The build did not succeed:\n${lastLines(result)}`);
    return isProgram(own) ? own : undefined;
  });
}

/** Path of a Prometheus: one on PATH, else the program out of Debian's package, kept in .tools; undefined when none can be had. */
export async function ensurePrometheus() {
  if (process.env.PROMETHEUS_BIN) return process.env.PROMETHEUS_BIN;
  const own = join(tools, 'prometheus');
  const found = await firstThatStarts([onPath('prometheus'), own]);
  const [apt, dpkg] = [onPath('apt-get'), onPath('dpkg')];
  if (found || !apt || !dpkg) return found;
  return locked('getting Prometheus', async () => {
    if (await starts(own)) return own;
    say("Getting Prometheus out of Debian's package (about 5 s, once).");
    const folder = join(tools, `build-prometheus-${process.pid}`);
    mkdirSync(folder, { recursive: true });
    try {
      // Installed, the package would start a server of its own that listens to everybody.
      let result = await run(apt, ['download', 'prometheus'], { cwd: folder });
      if (result.code !== 0) {
        await run(apt, ['update']);
        result = await run(apt, ['download', 'prometheus'], { cwd: folder });
      }
      const file = readdirSync(folder).find((name) => name.endsWith('.deb'));
      if (file) await run(dpkg, ['-x', file, 'unpacked'], { cwd: folder });
      const program = join(folder, 'unpacked/usr/bin/prometheus');
      if (isProgram(program)) renameSync(program, own);
      else say(`Prometheus could not be got:\n${lastLines(result, 2)}`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    return (await starts(own)) ? own : undefined;
  });
}

/** Path of a Chromium for screenshots, or undefined. */
export async function ensureChromium() {
  return ensureDebian(
    'Chromium',
    ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    ['chromium', 'fonts-noto-color-emoji'],
  );
}

/** A program on PATH, else from Debian's packages when this is root on Debian. */
async function ensureDebian(what, programs, packages) {
  const look = () =>
    programs.map((program) => (typeof program === 'string' ? onPath(program) : program())).find((path) => path);
  const apt = onPath('apt-get');
  if (look() || !apt || process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return look();
  return locked(`installing ${what}`, async () => {
    if (look()) return look();
    say(`Installing ${what} from Debian's packages.`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const install = () => run(apt, ['install', '-y', '--no-install-recommends', ...packages], { env, cwd: root });
    let result = await install();
    if (result.code !== 0) {
      await run(apt, ['update'], { env });
      result = await install();
    }
    if (result.code !== 0) say(`${what} could not be installed:\n${lastLines(result, 2)}`);
    return look();
  });
}
