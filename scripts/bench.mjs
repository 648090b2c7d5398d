import { build } from './lib/build.mjs';
import { prepareTests } from './lib/jest.mjs';
import { inRoot, run } from './lib/run.mjs';
import { main } from './lib/say.mjs';

// `npm run bench -- --quick` takes about five minutes on a busy machine, without it much longer; bench/settings.ts has all flags.
await main(async () => {
  const env = await prepareTests();
  await build();
  const hook = inRoot('test/helpers/typescript-hook.cjs');
  const result = await run(process.execPath, ['-r', hook, inRoot('bench/main.ts'), ...process.argv.slice(2)], {
    env,
    show: true,
  });
  return result.code;
});
