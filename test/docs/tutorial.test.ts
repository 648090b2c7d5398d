import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type } from '../cli/terminal';

const page = readFileSync(join(__dirname, '../../docs/policy.md'), 'utf8');

type Step =
  | { readonly kind: 'file'; readonly path: string; readonly text: string }
  | { readonly kind: 'command'; readonly argv: readonly string[]; readonly shows: string };

/** What a reader of the tutorial writes and types, in order. `shows` is what the page says is answered. */
function stepsOf(text: string): readonly Step[] {
  const tutorial = text.slice(0, text.indexOf('\n## Whole policies'));
  const blocks = /^```(?:yaml file=(\S+)\n([\s\S]*?)|sh\n([\s\S]*?)^```\n\n```text\n([\s\S]*?))^```$/gm;
  return [...tutorial.matchAll(blocks)].map(([, path, file, command, shows]) =>
    path === undefined
      ? { kind: 'command', argv: wordsOf(command!), shows: shows! }
      : { kind: 'file', path, text: file! },
  );
}

/** As a shell would: single quotes keep a word together, a backslash at the end goes on in the next line. */
function wordsOf(command: string): readonly string[] {
  const words = command.replaceAll('\\\n', ' ').match(/'[^']*'|\S+/g) ?? [];
  return words.map((word) => word.replace(/^'(.*)'$/s, '$1'));
}

/** Commands whose answer lacks a line that the page shows. */
async function surprisesOf(steps: readonly Step[]): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-tutorial-'));
  const surprises: string[] = [];
  try {
    for (const step of steps) {
      if (step.kind === 'file') {
        mkdirSync(dirname(join(folder, step.path)), { recursive: true });
        writeFileSync(join(folder, step.path), step.text);
        continue;
      }
      const { out, err } = await type(step.argv.slice(1), { cwd: folder });
      const answered = `${out}\n${err}`.split('\n');
      const missing = step.shows
        .trimEnd()
        .split('\n')
        .filter((line) => !answered.includes(line));
      if (missing.length > 0) surprises.push(`${step.argv.join(' ')} does not answer: ${missing.join('\n')}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return surprises;
}

test('whoever types the tutorial of docs/policy.md reads the answers that it shows', async () => {
  const steps = stepsOf(page);
  expect(steps.filter(({ kind }) => kind === 'command')).toHaveLength(page.match(/^```text$/gm)!.length);
  expect(steps.filter(({ kind }) => kind === 'command').length).toBeGreaterThanOrEqual(6);
  expect(await surprisesOf(steps)).toEqual([]);
});

test('control: an answer that is no longer given, and a promise that a wider window breaks, are noticed', async () => {
  const asked = await surprisesOf(stepsOf(page.replace('require: [shop_team, security]', 'require: [shop_team]')));
  expect(asked).toEqual([expect.stringContaining('"production" needs shop_team and security')]);
  const widened = await surprisesOf(stepsOf(page.replace('office: { days: mon-thu,', 'office: { days: mon-sun,')));
  expect(widened).toContainEqual(expect.stringContaining('6 passed and 0 failed'));
});
