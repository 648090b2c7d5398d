import { runTests } from './lib/jest.mjs';
import { main, say } from './lib/say.mjs';

// Arguments other than --faults go to jest: `npm test -- test/fleet`.
const given = process.argv.slice(2);
await main(async () => {
  const { passed, failed } = await runTests(
    given.filter((argument) => argument !== '--faults'),
    { faults: given.includes('--faults') },
  );
  say(`${passed} passed, ${failed} failed.`);
  return failed === 0 ? 0 : 1;
});
