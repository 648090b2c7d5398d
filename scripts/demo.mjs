import { existsSync, rmSync } from 'node:fs';
import { takeLock } from './lib/lock.mjs';
import { inRoot } from './lib/run.mjs';
import { main, say, Stop } from './lib/say.mjs';
import { ensureNode } from './lib/setup.mjs';
import { endLeftovers, newSupervisor } from './lib/supervise.mjs';
import { company, programs, startWorld } from './demo/world.mjs';
import { welcome } from './demo/words.mjs';

/** `npm run demo`: sets everything up, starts it, and keeps it running until Ctrl-C. `--story` plays the story. */
const story = process.argv.includes('--story');
/** The story begins from nothing each time; the demo keeps what people did in it. */
const folder = inRoot(story ? '.signalbox/story' : '.signalbox/demo');

async function demo() {
  ensureNode();
  const lock = takeLock(inRoot('.signalbox/demo.lock'));
  if (lock.heldBy)
    throw new Stop(
      `A demo already runs in this folder as process ${lock.heldBy}: use that one, or end it with Ctrl-C (or \`kill ${lock.heldBy}\`) and try again.`,
    );
  for (const other of ['.signalbox/demo', '.signalbox/story']) await endLeftovers(inRoot(other));
  if (story) rmSync(folder, { recursive: true, force: true });
  const supervisor = newSupervisor(folder);
  const asked = untilAskedToEnd(supervisor);
  try {
    const started = startWorld({ folder, supervisor });
    started.catch(() => undefined);
    const world = await Promise.race([started, asked]);
    if (!world) return 0;
    if (story) return await Promise.race([playStory(world, supervisor), asked.then(() => 130)]);
    process.stdout.write(welcome({ ...world, company }));
    await asked;
    return 0;
  } finally {
    say('Ending everything.');
    await supervisor.stop(programs);
    lock.release();
    say('Ended.');
  }
}

async function playStory(world, supervisor) {
  if (!existsSync(inRoot('scripts/story.mjs'))) throw new Stop('The story is not part of this copy.');
  const { tellStory } = await import('./story.mjs');
  return tellStory({ ...world, company, supervisor });
}

/** Resolves at the first Ctrl-C or SIGTERM; a second one kills everything at once. */
function untilAskedToEnd(supervisor) {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
      process.on(signal, () => {
        if (asked) {
          supervisor.kill();
          process.exit(130);
        }
        asked = true;
        resolve(undefined);
      });
  });
}

await main(demo);
// Restart timers and a set-up that was cut short must not keep the terminal.
process.exit();
