import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(__dirname, '../..');
const config = join(root, '.dependency-cruiser.cjs');
const program = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
const folders = ['src', 'bot', 'workflows', 'activities', 'test'];

interface Violation {
  readonly rule: { readonly name: string };
  readonly from: string;
  readonly to: string;
}

/** Every arrow that a rule forbids, as `rule: from -> to`. */
async function violationsIn(folder: string): Promise<readonly string[]> {
  const args = [program, '--config', config, '--output-type', 'json', ...folders];
  const output = await new Promise<string>((resolve, reject) =>
    execFile(process.execPath, args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) =>
      // The exit code is the number of violations.
      stdout.startsWith('{') ? resolve(stdout) : reject(error ?? new Error(stderr)),
    ),
  );
  const { summary } = JSON.parse(output) as { summary: { violations: readonly Violation[] } };
  return summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`);
}

test('every import follows the arrows of the architecture', async () => {
  expect(await violationsIn(root)).toEqual([]);
});

/** One file for each rule that breaks it, and the arrows beside it that are allowed. */
const broken: Readonly<Record<string, string>> = {
  'src/pure.ts': `import { listen } from '../bot/listen';\nexport const pure = listen;`,
  'src/reader.ts': `import { readFileSync } from 'node:fs';\nexport const reader = readFileSync;`,
  'src/main/process.ts': `import { helper } from '../../test/helper';\nimport { listen } from '../../bot/listen';\nexport const main = [helper, listen];`,
  'src/cycle-a.ts': `import { b } from './cycle-b';\nexport const a = (): unknown => b;`,
  'src/cycle-b.ts': `import { a } from './cycle-a';\nexport const b = (): unknown => a;`,
  'src/lost.ts': `export { nothing } from './nowhere';`,
  'src/dev.ts': `export { default } from 'fast-check';`,
  'src/plain.ts': `export const plain = 1;\nexport interface Plain { one: 1 }`,
  'workflows/contract.ts': `import type { Plain } from '../src/plain';\nexport type One = Plain;\nexport const queue = 'q';`,
  'workflows/values.ts': `import { plain } from '../src/plain';\nexport const values = plain;`,
  'workflows/types.ts': `import type { Act } from '../activities/act';\nexport type Types = Act;`,
  'activities/act.ts': `import { values } from '../workflows/values';\nimport { queue } from '../workflows/contract';\nexport const act = [values, queue];\nexport type Act = 1;`,
  'bot/listen.ts': `import { values } from '../workflows/values';\nimport type { Types } from '../workflows/types';\nexport const listen = values;\nexport type Listen = Types;`,
  'bot/deed.ts': `import { act } from '../activities/act';\nexport const deed = act;`,
  'test/helper.ts': `export const helper = 1;`,
};

test('control: each rule catches what it is for, and nothing beside it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-arrows-'));
  for (const [file, text] of Object.entries(broken)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { module: 'nodenext', target: 'es2022' } }),
  );
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ devDependencies: { 'fast-check': '*' } }));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));

  const caught = await violationsIn(folder);

  const { forbidden } = createRequire(__filename)(config) as { forbidden: readonly { name: string }[] };
  expect([...new Set(caught.map((each) => each.split(':')[0]))].sort()).toEqual(
    forbidden.map(({ name }) => name).sort(),
  );
  const expected = [
    'activities-know-no-workflow: activities/act.ts -> workflows/values.ts',
    'bot-does-not-act: bot/deed.ts -> activities/act.ts',
    'bot-runs-no-workflow: bot/listen.ts -> workflows/values.ts',
    'everything-resolves: src/lost.ts -> ./nowhere',
    'no-cycles: src/cycle-a.ts -> src/cycle-b.ts',
    'product-knows-no-test: src/main/process.ts -> test/helper.ts',
    'src-does-no-io: src/reader.ts -> fs',
    'src-is-the-centre: src/pure.ts -> bot/listen.ts',
    'workflows-run-workflow-code: workflows/values.ts -> src/plain.ts',
    'workflows-take-types-from-src: workflows/types.ts -> activities/act.ts',
  ];
  expect(caught).toEqual(expect.arrayContaining(expected));
  const allowed = /contract\.ts|main\/process\.ts -> bot|bot\/listen\.ts -> workflows\/types/;
  expect(caught.filter((each) => allowed.test(each))).toEqual([]);
});
