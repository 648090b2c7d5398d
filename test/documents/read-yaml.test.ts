import { z } from 'zod';
import { formatProblem, readDocument } from '../../src/documents/read-yaml';

const schema = z.strictObject({
  version: z.number().optional(),
  release: z.string().optional(),
  channel: z.string().optional(),
  if: z.string().optional(),
  ratio: z.number().optional(),
  either: z.union([z.boolean(), z.string()]).optional(),
  require: z
    .array(z.union([z.string(), z.strictObject({ team: z.string(), count: z.number().int().min(1) })]))
    .min(1)
    .optional(),
  environments: z.record(z.string(), z.strictObject({ branch: z.string(), path: z.string().optional() })).optional(),
  anything: z.unknown().optional(),
});

const read = (text: string) => readDocument({ file: 'policy.yaml', text, schema });
const open = (text: string) => readDocument({ file: 'any.yaml', text, schema: z.unknown() });

function problemsOf(text: string): readonly string[] {
  const result = read(text);
  return result.ok ? [] : result.problems.map(formatProblem);
}

function valueOf(text: string): unknown {
  const result = read(text);
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'));
  return result.value;
}

describe('a document that is fine', () => {
  test.each([
    ['release: 1.10', { release: '1.10' }],
    ['release: 0123', { release: '0123' }],
    ['release: 12e4567', { release: '12e4567' }],
    ['release: 0x1F', { release: '0x1F' }],
    ['release: true', { release: 'true' }],
    ['release: 22:00', { release: '22:00' }],
    ['channel: "#deploys"', { channel: '#deploys' }],
    ['environments: {production: {branch: no}}', { environments: { production: { branch: 'no' } } }],
    ['either: true', { either: true }],
    ['either: 1.10', { either: '1.10' }],
    ['ratio: 1.10', { ratio: 1.1 }],
    ['require: [a, {team: 0123, count: 2}]', { require: ['a', { team: '0123', count: 2 }] }],
    ['anything: {a: [1, null, x], b: 1.10}', { anything: { a: [1, null, 'x'], b: 1.1 } }],
    ['anything: [&x {a: 1}, *x]', { anything: [{ a: 1 }, { a: 1 }] }],
    ['\uFEFFversion: 1', { version: 1 }],
    ['version: 1\r\nrelease: x\r\n', { version: 1, release: 'x' }],
    ['if: change.labels.exists(l, l == "a") && !b', { if: 'change.labels.exists(l, l == "a") && !b' }],
  ])('%j is read as it was typed', (text, value) => {
    expect(valueOf(text)).toEqual(value);
  });

  test('lines are those of keys and list entries, and of the nearest thing above what is not written out', () => {
    const result = read('version: 1\nrequire:\n  - a\n  - team: b\n    count: 2\n');
    if (!result.ok) throw new Error('it should be read');
    expect(result.lineOf(['version'])).toBe(1);
    expect(result.lineOf(['require'])).toBe(2);
    expect(result.lineOf(['require', 1])).toBe(4);
    expect(result.lineOf(['require', 1, 'count'])).toBe(5);
    expect(result.lineOf(['require', 1, 'nothing'])).toBe(4);
    expect(result.lineOf([])).toBe(1);
  });
});

describe('a slip is told with its place and with what to write instead', () => {
  test.each([
    ['version: 1\nenviroments: {}', 'policy.yaml:2:1: unknown key "enviroments"; did you mean "environments"?'],
    [
      'environments:\n  a:\n    brunch: x\n    branch: y',
      'policy.yaml:3:5: unknown key "brunch"; did you mean "branch"?',
    ],
    [
      'channel: #deploys',
      'policy.yaml:1:10: "channel" has no value; # starts a comment, so write it in quotes: channel: "#deploys"',
    ],
    ['channel: null', 'policy.yaml:1:10: "channel" has no value; give it one or remove the key'],
    ['if: !x', 'policy.yaml:1:5: Unresolved tag: !x; write it in quotes: if: "!x"'],
    [
      'if: >99.9%',
      'policy.yaml:1:7: Block scalar header includes extra characters: >99.9%; write it in quotes: if: ">99.9%"',
    ],
    [
      'if: a ? b : c',
      'policy.yaml:1:5: Nested mappings are not allowed in compact mappings; write it in quotes: if: "a ? b : c"',
    ],
    [
      'anything: {x: rows[0].y}',
      'policy.yaml:1:19: Unexpected flow-seq-start at node end; write it in quotes: anything: {x: "rows[0].y"}',
    ],
    ['if: "x" == y', `policy.yaml:1:9: Unexpected scalar at node end; write it in quotes: if: '"x" == y'`],
    ['if: *x', 'policy.yaml:1:5: *x names no anchor; if it is a text, write it in quotes: "*x"'],
    ['environments: {a: {path: x}}', 'policy.yaml:1:16: "branch" is missing'],
    [
      'environments: {a: {branch: x.exists(p, p > 1)}}',
      'policy.yaml:1:40: unknown key "p > 1)"; inside { } a comma ends a value, so write the whole value in quotes',
    ],
    ['version: x', 'policy.yaml:1:10: "version" has to be a number and is the text "x"'],
    ['require: [{team: x, count: 0}]', 'policy.yaml:1:28: "count" has to be at least 1'],
    ['require: []', 'policy.yaml:1:10: "require" needs at least 1 entries'],
    ['- a', 'policy.yaml:1:1: the file has to be a map and is a list'],
    [
      'ratio: 1e999',
      'policy.yaml:1:8: the number 1e999 cannot be kept exactly; if it is a text, write it in quotes: "1e999"',
    ],
  ])('%j', (text, problem) => {
    expect(problemsOf(text)).toContain(problem);
  });

  test('all problems of a file are told at once, in the order of their lines', () => {
    const problems = problemsOf('version: x\nenviroments: {}\nchannel: #deploys\nrequire: [{taem: a, count: 1}]\n');
    expect(problems.map((problem) => problem.split(':')[1])).toEqual(['1', '2', '3', '4', '4']);
  });
});

describe('hostile documents', () => {
  test.each([
    ['two documents', 'version: 1\n---\nversion: 2'],
    ['content after the end', 'version: 1\n...\nversion: 2'],
    ['an empty file', ''],
    ['only a comment', '# nothing\n'],
    ['a key twice', 'version: 1\nversion: 1'],
    ['a key twice in two spellings', '"version": 1\nversion: 1'],
    ['a key twice through an escape', 'version: 1\n"\\x76ersion": 2'],
    ['__proto__', 'anything: {__proto__: {polluted: true}}'],
    ['an escaped __proto__', 'anything: {"__pro\\x74o__": {polluted: true}}'],
    ['constructor', 'anything: {constructor: {prototype: {polluted: true}}}'],
    ['toString as a name', 'environments: {toString: {branch: evil}}'],
    ['a merge key', 'anything: {<<: {a: 1}}'],
    ['a tag', 'anything: !!js/function "x"'],
    ['a tag of the core schema', 'anything: !!str 1'],
    ['a binary', 'anything: !!binary aGk='],
    ['a directive', '%YAML 1.1\n---\nanything: yes'],
    ['a key that is a list', '? [a]\n: b'],
    ['a key with a zero-width space', 'environments: {"prod\u200buction": {branch: evil}}'],
    ['a key that is not normalized', 'anything: {"cafe\u0301": 1}'],
    ['a NUL', 'release: "a\u0000b"'],
    ['a control character', 'release: a\u001bb'],
    ['a bidirectional override', 'release: "a\u202eb"'],
    ['broken UTF-8', 'release: a\ufffdb'],
    ['a lone carriage return', 'version: 1\rrelease: x'],
    ['a line separator', 'release: a\u2028version: 1'],
    ['quotes that are never closed', 'release: "a\\"'],
    ['single quotes that are never closed', "release: 'a''"],
    ['an alias that contains itself', 'anything: &a [*a]'],
    ['an integer beyond what numbers hold', 'anything: 90071992547409931234'],
    ['more than 256 KiB', `release: ${'x'.repeat(256 * 1024)}`],
    ['a key of 2,000 characters', `anything: {${'k'.repeat(2000)}: 1}`],
  ])('%s is refused', (_what, text) => {
    expect(problemsOf(text)).not.toEqual([]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  const laughs = Array.from(
    { length: 9 },
    (_, level) =>
      `l${level}: &l${level} [${
        level === 0
          ? 'x,x'
          : Array(9)
              .fill(`*l${level - 1}`)
              .join(',')
      }]`,
  );
  test.each([
    ['a billion laughs', laughs.join('\n')],
    ['five thousand aliases', `a: &a {k: v}\nb:\n${'  - *a\n'.repeat(5000)}`],
    ['ten thousand brackets', '['.repeat(10_000)],
    ['ten thousand closed brackets', '['.repeat(10_000) + ']'.repeat(10_000)],
    ['ten thousand dashes', `${'- '.repeat(10_000)}x`],
    ['a hundred thousand quotes', '"'.repeat(100_000)],
    ['sixty thousand stray braces', '}\n'.repeat(60_000)],
    ['seventy levels of indentation', Array.from({ length: 70 }, (_, level) => `${' '.repeat(level)}a:`).join('\n')],
    ['eighty thousand anchors', '&a '.repeat(80_000)],
  ])('%s end in a short answer', (_what, text) => {
    const result = open(text);
    expect(result.ok).toBe(false);
    if (!result.ok) expect(result.problems.length).toBeLessThanOrEqual(50);
  });

  test('twelve thousand keys are read, because looking for a key twice takes no time that grows with its square', () => {
    const result = open(Array.from({ length: 12_000 }, (_, index) => `key_${index}: "v"`).join('\n'));
    expect(result.ok).toBe(true);
  });

  test('maps of open documents have no prototype, so that no inherited name is ever read as policy', () => {
    const result = open('a: {b: 1}');
    if (!result.ok) throw new Error('it should be read');
    expect(Object.getPrototypeOf((result.value as { a: object }).a)).toBeNull();
  });
});
