import type { Json } from '../../src/json';
import { readRepository } from '../../src/policy/read-repository';
import { compilePlan } from '../../src/runbooks/compile';
import { inputProblem, validateInputs } from '../../src/runbooks/inputs';
import { runbookSchema, type Runbook, type RunbookInput } from '../../src/runbooks/schema';
import { hostileValues } from '../helpers/hostile-values';
import { requestOf } from './request';

const one = (spec: RunbookInput, value: Json) => validateInputs({ declared: { x: spec }, given: { x: value } });

const ref: RunbookInput = { type: 'git_ref' };
const hosts: RunbookInput = { type: 'hosts', max: 3 };
const path: RunbookInput = { type: 'path', under: 'configs/production' };
const secret: RunbookInput = {
  type: 'secret',
  options: { staging: { env: 'STAGING_PASSWORD' }, production: { file: '/run/secrets/production' } },
};

test.each<[RunbookInput, Json, Json]>([
  [ref, 'main', 'main'],
  [ref, 'feature/vat-2.0', 'feature/vat-2.0'],
  [ref, '0123456789abcdef0123456789abcdef01234567', '0123456789abcdef0123456789abcdef01234567'],
  [hosts, 'web1, web2.example.com', ['web1', 'web2.example.com']],
  [hosts, 'web1\n10.0.0.7', ['web1', '10.0.0.7']],
  [hosts, ['web1'], ['web1']],
  [{ type: 'hosts', min: 0, default: [] }, null, []],
  [path, 'configs/production/payments/limits.yaml', 'configs/production/payments/limits.yaml'],
  [secret, 'staging', 'staging'],
])('%j takes %j as %j', (spec, value, read) => {
  expect(one(spec, value)).toEqual({ ok: true, inputs: { x: read } });
});

test.each<[RunbookInput, Json, RegExp]>([
  [ref, 'a..b', /branch, a tag or a commit/],
  [ref, 'main@{1}', /branch/],
  [ref, 'x.lock', /branch/],
  [ref, 'a//b', /branch/],
  [ref, 'refs/.hidden', /branch/],
  [ref, 'HEAD~3', /branch/],
  [ref, 'a:b', /branch/],
  [ref, 'x/', /branch/],
  [hosts, 'web1,web1', /names web1 twice/],
  [hosts, 'web*', /entry "web\*", which has to be the name of a host/],
  [hosts, 'all:!web1', /name of a host/],
  [hosts, ['web1 ansible_connection=local'], /name of a host/],
  [hosts, 'a,b,c,d', /at most 3/],
  [hosts, [], /at least 1/],
  [path, 'configs/staging/x.yaml', /below configs\/production\//],
  [path, 'configs/production', /below/],
  [path, 'configs/production/', /below/],
  [path, 'configs/production/../staging/x.yaml', /below/],
  [path, 'configs/production/.git/config', /below/],
  [path, 'configs/production/-x', /below/],
  [path, '/etc/passwd', /below/],
  [secret, 'RELAY_KEY', /one of staging, production/],
  [secret, 'constructor', /one of staging, production/],
  [secret, { env: 'ANYTHING' }, /one of staging, production/],
])('%j refuses %j', (spec, value, message) => {
  expect(one(spec, value)).toEqual({
    ok: false,
    problems: [{ input: 'x', message: expect.stringMatching(message) as string }],
  });
});

describe.each([
  ['git_ref', ref],
  ['hosts', hosts],
  ['path', path],
  ['secret', secret],
])('no hostile value passes as %s', (_name, spec) => {
  const plain = new Set(['null', 'true', '0777', '1e309', 'a\nb', 'a\r\nb', 'a\tb', 'a\u2028b']);
  test.each(hostileValues.filter((value) => value.trim() !== '' && !plain.has(value)))('%j', (value) => {
    const below = spec.type === 'path' ? `configs/production/${value}` : value;
    expect(inputProblem(spec, below)).toBeDefined();
    if (spec.type === 'hosts') expect(inputProblem(spec, ['web1', value])).toBeDefined();
  });
});

test('what splits a list of hosts cannot be inside of one', () => {
  for (const value of ['a\nb', 'a\r\nb', 'a\tb', 'a\u2028b', 'a b'])
    expect(inputProblem(hosts, [value])).toContain('name of a host');
  for (const value of ['a\nb', 'a\r\nb', 'a\tb', 'a\u2028b']) expect(inputProblem(ref, value)).toBeDefined();
});

const files = {
  'policy.yaml': 'version: 1\nteams: { leads: { users: [U0LEE] } }\nenvironments: { staging: {} }\n',
  'connections/db.yaml': 'connection: { name: db, kind: http, origin: "https://db.example" }\n',
};
const problemsOf = (runbook: string): string[] => {
  const all = { ...files, 'runbooks/x.yaml': `name: x\n${runbook}` };
  const read = readRepository({
    files: new Map(Object.entries(all).map(([file, text]) => [file, { text, blob: file }])),
    commit: 'c'.repeat(40),
  });
  return read.ok ? [] : read.problems.map(({ line, message }) => `${line}: ${message}`);
};
const sending = (value: string, where = 'secrets') => `
inputs:
  pw: { type: secret, options: { a: { env: DB_PASSWORD } } }
  other: { type: string }
steps:
  - uses: http/request
    with: { connection: db, method: PUT, path: /x, json: { p: "{{pw}}" }, ${where}: { pw: ${value} } }
`;

describe('a secret input', () => {
  test.each([
    ['in the place of a reference', sending(`'\${{ inputs.pw }}'`), []],
    [
      'which is no secret',
      sending(`'\${{ inputs.other }}'`),
      ['8: "secrets" is taken as it is written, without templates'],
    ],
    [
      'with more around it',
      sending(`'x\${{ inputs.pw }}'`),
      ['8: "secrets" is taken as it is written, without templates'],
    ],
  ])('is written %s', (_how, runbook, wanted) => {
    expect(problemsOf(runbook)).toEqual(expect.arrayContaining(wanted));
    if (wanted.length === 0) expect(problemsOf(runbook)).toEqual([]);
  });

  test.each([
    ['no option', '{ type: secret, options: {} }', /"options" names no secret/],
    [
      'a setting of Signalbox itself',
      '{ type: secret, options: { a: { env: RELAY_KEY } } }',
      /RELAY_KEY is a setting of Signalbox/,
    ],
    [
      'a default that is none of them',
      '{ type: secret, options: { a: { env: DB } }, default: b }',
      /"default" has to be one of a/,
    ],
    ['a folder that climbs', '{ type: path, under: ../x }', /"under" is no plain folder/],
  ])('or a path cannot have %s', (_what, input, message) => {
    const problems = problemsOf(`inputs: { pw: ${input} }\nsteps: [{ uses: fail, with: { message: no } }]\n`);
    expect(problems.join('\n')).toMatch(message);
  });

  const compiled = (runbook: Runbook, inputs: { [name: string]: Json }, inner?: Runbook) => {
    const made = compilePlan({
      request: { ...requestOf(), kind: 'runbook', runbook: runbook.name, inputs },
      policyCommit: 'c'.repeat(40),
      service: {},
      environment: {},
      work: { kind: 'runbook', runbook },
      library: { actions: new Map(), runbooks: new Map(inner ? [[inner.name, inner]] : []) },
      resolve: {},
      connections: { db: { name: 'db', kind: 'http', origin: 'https://db.example' } },
      metrics: {},
      sources: [],
      watchMs: 0,
    });
    if (!made.ok) throw new Error(made.problems.join('\n'));
    return made.plan;
  };
  const call = {
    uses: 'http/request',
    with: {
      connection: 'db',
      method: 'PUT',
      path: '/${{ inputs.pw }}',
      secrets: { pw: '${{ inputs.pw }}' },
      json: { p: '{{pw}}' },
    },
  };
  const options = (prefix: string) => ({ a: { env: `${prefix}_A` }, b: { env: `${prefix}_B` } });

  test('is its reference where a step takes one, its name everywhere else, and both are in the plan', () => {
    const runbook = runbookSchema.parse({
      name: 'x',
      inputs: { pw: { type: 'secret', options: options('OWN') } },
      steps: [{ ...call, undo: call }],
    });
    const plan = compiled(runbook, { pw: 'b' });
    expect(plan.steps[0]!.with).toMatchObject({ secrets: { pw: { env: 'OWN_B' } }, path: '/${{ inputs.pw }}' });
    expect(plan.steps[0]!.undo).toMatchObject({ with: { secrets: { pw: { env: 'OWN_B' } } } });
    expect(plan.scopes.x!.inputs).toEqual({ pw: 'b' });
  });

  test('of a runbook inside another is taken from its own list', () => {
    const inner = runbookSchema.parse({
      name: 'inner',
      inputs: { pw: { type: 'secret', options: options('INNER') } },
      steps: [call],
    });
    const outer = runbookSchema.parse({
      name: 'outer',
      inputs: { which: { type: 'secret', options: options('OUTER') } },
      steps: [{ uses: 'runbook', with: { runbook: 'inner', inputs: { pw: '${{ inputs.which }}' } } }],
    });
    const plan = compiled(outer, { which: 'a' }, inner);
    expect(plan.steps.find(({ uses }) => uses === 'http/request')!.with).toMatchObject({
      secrets: { pw: { env: 'INNER_A' } },
    });
  });
});
