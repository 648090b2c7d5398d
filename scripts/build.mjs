import { build } from './lib/build.mjs';
import { main } from './lib/say.mjs';
import { ensureNode, ensurePackages } from './lib/setup.mjs';

await main(async () => {
  ensureNode();
  await ensurePackages();
  await build();
});
