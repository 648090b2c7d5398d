import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { until } from './lib/ports.mjs';
import { inRoot } from './lib/run.mjs';
import { say } from './lib/say.mjs';
import { ensureChromium } from './lib/setup.mjs';
import { openCompany } from './story/company.mjs';
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
  const story = { ...world, people, camera, company: openCompany(world), kill: killer(world), note, memory: {} };
  const failed = [];
  try {
    for (const step of steps) {
      say(step.name);
      const { check, failures } = checklist();
      try {
        await step.play({ ...story, check });
      } catch (error) {
        await check(`the step could be played (${error.message})`, false);
      }
      failed.push(...failures);
    }
  } finally {
    await keepMessages({ people, supervisor: world.supervisor }).catch(() => undefined);
    people.close();
    await camera.close();
  }
  if (failed.length === 0) say('The whole story holds.');
  else say(`Of the story, this does not hold:\n${failed.map((sentence) => `             ✗ ${sentence}`).join('\n')}`);
  return failed.length === 0 ? 0 : 1;
}

/** What was said in every channel, next to the logs, for whoever wants to know why a check failed. */
async function keepMessages({ people, supervisor }) {
  writeFileSync(supervisor.logOf('messages'), JSON.stringify(await people.everything(), null, 2));
}

const note = (sentence) => process.stdout.write(`             · ${sentence}\n`);

/** `kill -9` of one of the programs that the demo started. Whether it was there to be killed. */
function killer({ supervisor }) {
  return (name) => {
    const pid = supervisor.pids()[name];
    return pid !== undefined && process.kill(pid, 'SIGKILL');
  };
}

function checklist() {
  const failures = [];
  return {
    failures,
    /** `held` is a value, or a question asked again until it holds or the limit passes. */
    check: async (sentence, held, limitMs = 30_000) => {
      const ok = typeof held === 'function' ? await until(held, limitMs, 100) : Boolean(held);
      process.stdout.write(`             ${ok ? '✓' : '✗'} ${sentence}\n`);
      if (!ok) failures.push(sentence);
      return ok;
    },
  };
}

/** Size of the browser's window, and what of its height is not messages. */
const WINDOW = { width: 1080, height: 560 };
const AROUND = 190;

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
  const page = await browser.newPage({ viewport: WINDOW, deviceScaleFactor: 1.25 });
  page.setDefaultTimeout(5_000);
  await page.goto(url);
  mkdirSync(inRoot('docs/images'), { recursive: true });
  return {
    /** A picture of one message as a person sees it now, in a window as high as it needs; or of the open form. */
    take: async (name, { channel, as, ts, form, beside }) => {
      try {
        if (beside) await makeRoom(page, beside);
        if (form) return await page.screenshot({ path: inRoot(`docs/images/${name}.png`) });
        await page.getByLabel('Act as').selectOption({ label: as });
        await page
          .locator('.sidebar-item', { has: page.getByText(new RegExp(`^#?${channel}$`)) })
          .or(page.locator('.sidebar-item').filter({ hasText: new RegExp(`^#${channel}$`) }))
          .first()
          .click();
        const message = page.locator(`.msg[data-ts="${ts}"]`).first();
        const { height } = await message.boundingBox();
        await page.setViewportSize({ ...WINDOW, height: Math.max(WINDOW.height, Math.ceil(height) + AROUND) });
        await message.evaluate((element) => element.scrollIntoView({ block: 'start' }));
        await page.waitForTimeout(300);
        await page.screenshot({ path: inRoot(`docs/images/${name}.png`) });
      } catch (error) {
        note(`no picture ${name}: ${error.message.split('\n')[0]}`);
      }
    },
    close: () => browser.close(),
  };
}

/** The form above or below the message that it belongs to, in a window that has room for both. */
async function makeRoom(page, ts) {
  const message = page.locator(`.msg[data-ts="${ts}"]`).first();
  const heightOf = async (what) => Math.ceil((await what.boundingBox()).height);
  const height = (await heightOf(message)) + (await heightOf(page.locator('.modal'))) + AROUND + 60;
  await page.setViewportSize({ ...WINDOW, height });
  await message.evaluate((element) => element.scrollIntoView({ block: 'start' }));
  const { y } = await message.boundingBox();
  const side = y < height / 3 ? 'flex-end' : 'flex-start';
  await page.locator('.modal-overlay').evaluate((overlay, align) => {
    overlay.style.alignItems = align;
    overlay.style.padding = '16px';
  }, side);
}
