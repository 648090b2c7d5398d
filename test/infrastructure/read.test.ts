import { readInfrastructure } from '../../src/infrastructure/read';
import { formatProblem } from '../../src/documents/read-yaml';

function read(files: { readonly [path: string]: string }) {
  return readInfrastructure(
    new Map(Object.entries(files).map(([path, text]) => [path, { text, blob: `blob of ${path}` }])),
  );
}
const problems = (text: string): string => {
  const found = read({ 'infrastructure/servers.yaml': text });
  return found.ok ? '' : found.problems.map(formatProblem).join('\n');
};

test('groups of all files are read, with what they leave out', () => {
  expect(
    read({
      'infrastructure/servers.yaml': 'servers:\n  web: { count: 2, type: cx22, region: fsn1 }\n',
      'infrastructure/data.yaml': 'servers: { db: { count: 1, type: 10, region: hel1, data: true } }\n',
      'infrastructure/notes.txt': 'servers: x',
      'policy.yaml': 'version: 1',
    }),
  ).toEqual({
    ok: true,
    groups: [
      { name: 'db', count: 1, type: '10', region: 'hel1', data: true, file: 'infrastructure/data.yaml' },
      { name: 'web', count: 2, type: 'cx22', region: 'fsn1', data: false, file: 'infrastructure/servers.yaml' },
    ],
    sources: [
      { path: 'infrastructure/data.yaml', blob: 'blob of infrastructure/data.yaml' },
      { path: 'infrastructure/servers.yaml', blob: 'blob of infrastructure/servers.yaml' },
    ],
  });
});

test('no file is not the same as no servers', () => {
  expect(read({})).toEqual({ ok: true, groups: [], sources: [] });
  expect(read({ 'infrastructure/servers.yaml': 'servers: {}\n' })).toMatchObject({ ok: true, sources: [{}] });
});

test.each<[string, string, RegExp]>([
  [
    'a key that is not there, with the nearest',
    'servers:\n  web:\n    count: 1\n    typ: cx22\n    region: fsn1\n',
    /infrastructure\/servers\.yaml:4:5: unknown key "typ"; did you mean "type"\?/,
  ],
  ['a group without a region', 'servers:\n  web: { count: 1, type: cx22 }\n', /servers\.yaml:2:3: "region" is missing/],
  [
    'a count below zero',
    'servers: { web: { count: -1, type: cx22, region: fsn1 } }\n',
    /:1:26: "count" has to be at least 0/,
  ],
  [
    'more servers than one may have',
    'servers: { web: { count: 201, type: a, region: b } }\n',
    /:1:26: "count" has to be at most 200/,
  ],
  ['a name of a group that is none', 'servers: { Web_1: { count: 1, type: a, region: b } }\n', /lower-case letters/],
  [
    'an expression for a type',
    'servers: { web: { count: 1, type: "${{ 1 }}", region: b } }\n',
    /:1:35: "type" has to be letters/,
  ],
  [
    'an option of a program for a region',
    'servers: { web: { count: 1, type: a, region: --x } }\n',
    /:1:46: "region" has to be letters/,
  ],
  ['something else beside servers', 'server: {}\nservers: {}\n', /server/],
])('%s is a problem with its place', (_, text, problem) => {
  expect(problems(text)).toMatch(problem);
});

test('a group belongs to one file', () => {
  const text = 'servers:\n  web: { count: 1, type: a, region: b }\n';
  const found = read({ 'infrastructure/a.yaml': text, 'infrastructure/b.yaml': text });
  expect(found.ok ? [] : found.problems.map(formatProblem)).toEqual([
    expect.stringMatching(/infrastructure\/b\.yaml:2:3.*the group web is declared in infrastructure\/a\.yaml already/s),
  ]);
});
