import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { transformSync } from '@swc/core';
import { format, resolveConfig } from 'prettier';
import { stringify } from 'yaml';

/** Writes what is made from code: Slack's manifests, the README's table of commands, the catalogue of step kinds, schemas for editors. */
const root = new URL('../', import.meta.url);
const require = createRequire(import.meta.url);

Module._extensions['.ts'] = (module, file) => {
  const { code } = transformSync(readFileSync(file, 'utf8'), {
    filename: file,
    swcrc: false,
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  });
  module._compile(code, file);
};

const { slackManifest } = require('../src/commands/manifest.ts');
const { withTable } = require('../src/commands/readme-table.ts');
const { withCatalogue } = require('../src/runbooks/catalogue-page.ts');
const { writeSchemas } = require('../src/main/cli/schema.ts');

const head = '# Made by `npm run generate` from src/commands/registry.ts; a test compares the two.\n';
const http = { mode: 'http', url: 'https://signalbox.example.com' };
await write('manifest.yml', head + stringify(slackManifest({ mode: 'socket' }), { lineWidth: 0 }));
await write('manifest.http.yml', head + stringify(slackManifest(http), { lineWidth: 0 }));
for (const [name, bringUpToDate] of [
  ['README.md', withTable],
  ['docs/runbooks.md', withCatalogue],
]) {
  const page = new URL(name, root);
  if (existsSync(page)) await write(name, bringUpToDate(readFileSync(page, 'utf8')));
}

// Editors that open an example find its schemas; they are never committed, so they cannot be out of date.
for (const example of ['policy', 'policies/bank', 'policies/hospital', 'policies/start-up'])
  writeSchemas(new URL(`examples/${example}/.schemas`, root).pathname);

async function write(name, text) {
  const file = new URL(name, root);
  const options = await resolveConfig(file.pathname);
  writeFileSync(file, await format(text, { ...options, filepath: file.pathname }));
}
