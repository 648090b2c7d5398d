import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { withLock } from './lock.mjs';
import { inRoot, root, run } from './run.mjs';
import { say, Stop } from './say.mjs';

const sources = ['src', 'bot', 'workflows', 'activities', 'examples/fleet'];
const settings = [
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'workflows/tsconfig.json',
  'scripts/lib/build.mjs',
];

/** Compiles to `dist/` and bundles the workflows into `dist/workflow-bundle.js`; does nothing when nothing changed. */
export async function build() {
  await withLock(inRoot('.tools/build.lock'), 'building', async () => {
    const stamp = inRoot('dist/.inputs');
    const inputs = hashOf([
      ...sources.flatMap((folder) => filesIn(inRoot(folder), '.ts')),
      ...settings.map((file) => inRoot(file)),
    ]);
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === inputs) return;
    say('Compiling.');
    rmSync(inRoot('dist'), { recursive: true, force: true });
    await compile();
    if (existsSync(inRoot('dist/workflows/index.js'))) {
      say('Bundling the workflows.');
      await bundle();
    }
    writeFileSync(stamp, inputs);
    say('Built.');
  });
}

async function compile() {
  const tsc = inRoot('node_modules/@typescript/native/bin/tsc');
  const result = await run(process.execPath, [tsc, '-p', 'tsconfig.build.json']);
  if (result.code !== 0)
    throw new Stop(`The TypeScript compiler refused the sources:\n${result.stdout}${result.stderr}`);
  const cli = inRoot('dist/src/main/cli.js');
  if (existsSync(cli)) chmodSync(cli, 0o755);
}

async function bundle() {
  const { bundleWorkflowCode } = createRequire(import.meta.url)('@temporalio/worker');
  const quiet = () => undefined;
  const logger = { log: quiet, trace: quiet, debug: quiet, info: quiet, warn: say, error: say };
  const { code } = await bundleWorkflowCode({ workflowsPath: inRoot('dist/workflows/index.js'), logger });
  writeFileSync(inRoot('dist/workflow-bundle.js'), code);
}

function filesIn(folder, ending) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of files.sort())
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  return hash.digest('hex');
}
