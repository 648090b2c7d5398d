import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the demo's runner may run: empties a cache that exists only here, and says how far it is. */
const caches = { sessions: 30, prices: 12, search: 48 };
const { cache } = JSON.parse(await text(process.stdin));
console.error(`asked to empty ${cache}`);
await sleep(400);
if (!Object.hasOwn(caches, cache)) {
  console.error(`there is no cache ${cache}; there are ${Object.keys(caches).join(', ')}`);
  process.exit(3);
}
const keys = caches[cache];
for (let gone = 6; gone <= keys; gone += 6) {
  await sleep(250);
  console.error(`${gone} of ${keys} keys of ${cache} are gone`);
}
console.log(JSON.stringify({ cache, keys }));
