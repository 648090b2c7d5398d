import { readRepository } from '../../src/policy/read-repository';
import { teardownDigest } from '../../src/runbooks/teardown';
import { runbookSchema, type Runbook } from '../../src/runbooks/schema';

const undo = `undo: { uses: http/request, with: { connection: maker, method: DELETE, path: "/hosts/\${{ steps.made.outputs.id }}" } }`;
const made = (rest = undo, resource = ''): string => `name: sandbox
inputs: { name: { type: string } }
resource: { kind: sandbox, name: "\${{ inputs.name }}"${resource} }
steps:
  - id: made
    uses: http/request
    with: { connection: maker, method: PUT, path: "/hosts/\${{ inputs.name }}" }
    outputs: { id: response.body.id }
    find: { with: { path: /hosts }, found: size(response.body) > 0, outputs: { id: "response.body[0].id" } }
    ${rest}
outputs: { id: steps.made.outputs.id }
`;

function readFiles(files: { readonly [path: string]: string }): ReturnType<typeof readRepository> {
  const all = {
    'policy.yaml': 'version: 1\nenvironments: { staging: {} }\n',
    'connections/maker.yaml':
      'connection: { name: maker, kind: http, origin: "http://127.0.0.1:1", methods: [GET, PUT, DELETE] }\n',
    ...files,
  };
  return readRepository({
    commit: 'c'.repeat(40),
    files: new Map(Object.entries(all).map(([path, text]) => [path, { text, blob: 'b'.repeat(40) }])),
  });
}

function problemsOf(files: { readonly [path: string]: string }): string {
  const read = readFiles(files);
  return read.ok ? '' : read.problems.map(({ key, message, hint }) => `${key}: ${message}; ${hint}`).join('\n');
}

const at = 'runbooks/provision/sandbox.yaml';

test('a whole one has no problem, and neither has one that a runbook takes away', () => {
  expect(problemsOf({ [at]: made() })).toBe('');
  expect(
    problemsOf({
      [at]: made('undo: none', ', destroy: drop, data: kept'),
      'runbooks/drop.yaml': `name: drop\ninputs: { id: { type: string } }\nsteps: [{ uses: expect, with: { that: "true" } }]\n`,
    }),
  ).toBe('');
});

test.each<[string, { readonly [path: string]: string }, RegExp]>([
  ['elsewhere than under runbooks/provision/', { 'runbooks/sandbox.yaml': made() }, /only a runbook under/],
  [
    'a name that /provision has itself',
    { 'runbooks/provision/list.yaml': made().replace('name: sandbox', 'name: list') },
    /"\/provision list" means something else already/,
  ],
  [
    'a name out of what is known later',
    { [at]: made().replace('inputs.name }}" }\nsteps', 'steps.made.outputs.id }}" }\nsteps') },
    /resource\.name/,
  ],
  ['an end by an undo that is not there', { [at]: made('undo: none') }, /none of its steps has an undo/],
  [
    'an undo that looks at the operation',
    { [at]: made(undo.replace('steps.made.outputs.id', 'operation.key')) },
    /looks at operation, which is another one/,
  ],
  ['a runbook that is not there', { [at]: made('undo: none', ', destroy: drop') }, /there is no runbook "drop"/],
  [
    'a runbook that needs what is not recorded',
    {
      [at]: made('undo: none', ', destroy: drop'),
      'runbooks/drop.yaml': `name: drop\ninputs: { region: { type: string } }\nsteps: [{ uses: expect, with: { that: "true" } }]\n`,
    },
    /needs region, and neither an input nor an output/,
  ],
  ['a lease of no length', { [at]: made(undo, ', lease: { default: long }') }, /"long" is not a length of time/],
  [
    'a lease longer than its longest',
    { [at]: made(undo, ', lease: { default: 3d, max: 1d }') },
    /"default" is longer than "max"/,
  ],
])('refused with its place: %s', (_what, files, says) => {
  expect(problemsOf(files)).toMatch(says);
});

test('a runbook whose undo would take away what people provision is warned of when it says nothing of it', () => {
  const warnings = (files: { readonly [path: string]: string }): readonly string[] => {
    const read = readFiles(files);
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    return read.repository.policy.warnings.map(({ file, key, message }) => `${file} ${key}: ${message}`);
  };
  const silent = made().replace(/resource: .*\n/, '');
  expect(warnings({ [at]: silent })).toEqual([
    `${at} resource: /provision list, extend and destroy will not know what sandbox makes, because it has no "resource"`,
  ]);
  expect(warnings({ [at]: made() })).toEqual([]);
  expect(warnings({ [at]: silent.replace(undo, 'undo: none') })).toEqual([]);
  expect(warnings({ 'runbooks/sandbox.yaml': silent })).toEqual([]);
  const parent = `name: parent\nsteps: [{ uses: runbook, with: { runbook: sandbox, inputs: { name: demo } } }]\n`;
  expect(warnings({ [at]: silent, 'runbooks/parent.yaml': parent })).toEqual([]);
});

test('the hash of a teardown changes with what takes it away, and with nothing else', () => {
  const library = { runbooks: new Map<string, Runbook>(), actions: new Map() };
  const runbook = (path: string, about: object = {}): Runbook =>
    runbookSchema.parse({
      name: 'sandbox',
      resource: { kind: 'sandbox', name: 'one' },
      steps: [
        { uses: 'expect', with: { that: 'true' }, undo: { uses: 'http/request', with: { connection: 'maker', path } } },
      ],
      ...about,
    });
  const digest = teardownDigest(runbook('/a'), library);
  expect(teardownDigest(runbook('/a', { help: 'Other words.' }), library)).toBe(digest);
  expect(teardownDigest(runbook('/b'), library)).not.toBe(digest);
  expect(
    teardownDigest(runbook('/a', { resource: { kind: 'sandbox', name: 'one', destroy: 'gone' } }), library),
  ).toBeUndefined();
});
