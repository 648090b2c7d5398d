import { runTests } from './lib/jest.mjs';
import { inRoot, run } from './lib/run.mjs';
import { main, say } from './lib/say.mjs';
import { ensureNode, ensurePackages } from './lib/setup.mjs';

/** Every gate of the project. The last line is `N passed, N failed`: tests and gates together. */
const tsc = inRoot('node_modules/@typescript/native/bin/tsc');
const cruise = inRoot('node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
const gates = [
  ['format', [inRoot('node_modules/prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.']],
  ['types', [tsc, '--noEmit', '-p', 'tsconfig.json']],
  ['types of the workflows alone', [tsc, '--noEmit', '-p', 'workflows/tsconfig.json']],
  ['lint', [inRoot('node_modules/eslint/bin/eslint.js'), '--max-warnings', '0', '.']],
  [
    'import arrows',
    [cruise, '--config', '.dependency-cruiser.cjs', 'src', 'bot', 'workflows', 'activities', 'test', 'bench'],
  ],
];

async function check() {
  ensureNode();
  await ensurePackages();
  const failedGates = [];
  for (const [name, command] of gates) {
    const result = await run(process.execPath, command);
    say(`${result.code === 0 ? '✓' : '✗'} ${name}`);
    if (result.code !== 0) {
      failedGates.push(name);
      process.stdout.write(`${result.stdout}${result.stderr}\n`);
    }
  }
  const tests = await runTests(process.argv.slice(2)).catch((error) => {
    say(error.message);
    return { passed: 0, failed: 1 };
  });
  const passed = gates.length - failedGates.length + tests.passed;
  const failed = failedGates.length + tests.failed;
  if (failedGates.length > 0) say(`Gates that failed: ${failedGates.join(', ')}.`);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

await main(check);
