import { runTests } from './lib/jest.mjs';
import { main } from './lib/say.mjs';

// Arguments other than --faults go to jest: `npm test -- test/fleet`.
const given = process.argv.slice(2);
await main(() =>
  runTests(
    given.filter((argument) => argument !== '--faults'),
    { faults: given.includes('--faults') },
  ),
);
