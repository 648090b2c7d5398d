import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { until } from './lib/ports.mjs';
import { inRoot } from './lib/run.mjs';
import { say } from './lib/say.mjs';
import { ensureChromium } from './lib/setup.mjs';
import { openPeople } from './story/people.mjs';
import { steps } from './story/steps.mjs';

/** Plays the story through Slack's own interfaces, checks every step, and saves pictures of the cards. */
export async function tellStory(world) {
  if (!world.urls.slack) {
    say('The story needs the demo’s own Slack: unset SLACK_BOT_TOKEN and SLACK_APP_TOKEN.');
    return 1;
  }
  const camera = await openCamera(world.urls.slack);
  const people = await openPeople(world);
  let failed = 0;
  try {
    for (const step of steps) {
      say(step.name);
      const checks = checklist();
      try {
        await step.play({ ...world, people, camera, check: checks.check });
      } catch (error) {
        await checks.check(`the step could be played (${error.message})`, false);
      }
      failed += checks.failed();
    }
  } finally {
    people.close();
    await camera.close();
  }
  say(failed === 0 ? 'The whole story holds.' : `${failed} checks of the story failed.`);
  return failed === 0 ? 0 : 1;
}

function checklist() {
  let failures = 0;
  return {
    /** `held` is a value, or a question asked again until it holds or the limit passes. */
    check: async (sentence, held, limitMs = 30_000) => {
      const ok = typeof held === 'function' ? await until(held, limitMs, 100) : Boolean(held);
      process.stdout.write(`             ${ok ? '✓' : '✗'} ${sentence}\n`);
      if (!ok) failures += 1;
      return ok;
    },
    failed: () => failures,
  };
}

/** Pictures where there is a browser; without one the story is told without them. */
async function openCamera(url) {
  const executablePath = await ensureChromium();
  const none = { take: async () => undefined, close: async () => undefined };
  if (!executablePath || !existsSync(inRoot('node_modules/playwright-core'))) {
    say('There is no Chromium here, so no pictures are taken.');
    return none;
  }
  const { chromium } = createRequire(import.meta.url)('playwright-core');
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, deviceScaleFactor: 2 });
  await page.goto(url);
  mkdirSync(inRoot('docs/images'), { recursive: true });
  return {
    /** A picture of a channel as people see it now. */
    take: async (name, channel) => {
      await page.getByText(channel, { exact: true }).first().click();
      await page.waitForTimeout(400);
      await page.screenshot({ path: inRoot(`docs/images/${name}.png`) });
    },
    close: () => browser.close(),
  };
}
