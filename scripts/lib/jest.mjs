import { build } from './build.mjs';
import { inRoot, run } from './run.mjs';
import { say, Stop } from './say.mjs';
import { ensureNode, ensurePackages, ensureRedis, ensureTemporal } from './setup.mjs';

/** Everything the tests need, as environment variables for them. */
export async function prepareTests() {
  ensureNode();
  await ensurePackages();
  const temporal = await ensureTemporal();
  // Tests start and kill a Redis of their own, so a running one is no substitute.
  const redis = await ensureRedis({ own: true });
  if (!redis?.server)
    throw new Stop(
      'The tests start a Redis of their own: install redis-server (https://redis.io/docs/latest/operate/oss_and_stack/install), or set REDIS_SERVER to its path, and try again.',
    );
  return { ...process.env, TEMPORAL_CLI: temporal, REDIS_SERVER: redis.server };
}

/** Runs jest with everything set up; resolves with its exit code. */
export async function runTests(args, { faults = false } = {}) {
  const env = await prepareTests();
  await build();
  say(faults ? 'Running the tests, the long fault tests too.' : 'Running the tests.');
  const jest = inRoot('node_modules/jest/bin/jest.js');
  // The SDK's native runtime keeps a process alive that only imported it; jest would wait for ever on one test file.
  const result = await run(process.execPath, [jest, '--forceExit', ...args], {
    env: { ...env, ...(faults ? { SIGNALBOX_FAULTS: '1' } : {}) },
    show: true,
  });
  return result.code;
}
