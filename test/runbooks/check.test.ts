import { formatProblem, readDocument } from '../../src/documents/read-yaml';
import { checkRunbook } from '../../src/runbooks/check';
import type { Library } from '../../src/runbooks/library';
import { actionSchema, runbookSchema } from '../../src/runbooks/schema';

const library: Library = {
  connections: new Map([
    ['fleet', 'http'],
    ['repo', 'git'],
    ['db', 'postgres'],
  ]),
  runbooks: new Map(),
  actions: new Map([
    [
      'careful',
      actionSchema.parse({
        name: 'careful',
        steps: [{ uses: 'http/request', with: { connection: 'fleet', path: '/x' }, 'on-failure': 'ask' }],
      }),
    ],
  ]),
};

function problemsIn(text: string): readonly string[] {
  const file = 'runbooks/probe.yaml';
  const document = readDocument({ file, text, schema: runbookSchema });
  if (!document.ok) return document.problems.map(formatProblem);
  const { value: runbook, lineOf } = document;
  return checkRunbook({ file, runbook, library, lineOf }).map(formatProblem);
}

const head =
  'name: probe\ninputs:\n  count: { type: integer }\n  api: { type: connection, kind: http }\n  database: { type: connection, kind: postgres }\nsteps:\n';
const post = '{ connection: fleet, method: POST, path: /x }';
const get = '{ connection: fleet, path: /x }';
const found = '{ with: { method: GET, path: /x }, found: "true", outputs: { id: response.body.id } }';
const steps = (...lines: string[]) => head + lines.map((line) => `  ${line}\n`).join('');

describe('a runbook', () => {
  test.each<[string, string]>([
    ['a plain step', steps(`- { uses: http/request, with: ${get} }`)],
    [
      'outputs of an earlier step',
      steps(
        `- { id: a, uses: http/request, with: ${get}, outputs: { id: response.body.id } }`,
        '- { uses: fail, with: { message: "${{ steps.a.outputs.id }}" } }',
      ),
    ],
    [
      'an undo with what find tells',
      steps(
        `- { id: a, uses: http/request, with: ${post}, find: ${found}, outputs: { id: response.body.id }, undo: { uses: http/request, with: { connection: fleet, method: DELETE, path: "/x/\${{ steps.a.outputs.id }}" } } }`,
      ),
    ],
    [
      'a retry on a step that can find what it did',
      steps(`- { uses: http/request, with: ${post}, find: ${found}, retry: { attempts: 3 } }`),
    ],
    [
      'a connection that an input names',
      steps('- { uses: http/request, with: { connection: "${{ inputs.api }}", path: /x } }'),
    ],
    [
      'a value of a type that nobody knows before a template gives it',
      steps('- { uses: http/request, with: { connection: fleet, path: /x, status: "${{ [inputs.count] }}" } }'),
    ],
    [
      'an input of the type that is taken',
      steps('- { uses: http/request, with: { connection: fleet, path: /x, status: ["${{ inputs.count }}"] } }'),
    ],
    [
      'all() over a list whose size it asks for',
      steps(
        `- { uses: http/request, with: ${get}, until: "size(response.body) > 0 && response.body.all(i, i.ok)", for: 5m }`,
      ),
    ],
    [
      'all() over an input',
      steps('- { uses: expect, with: { that: "inputs.hosts.all(h, h != api)" } }')
        .replace('api)', "'x')")
        .replace('inputs:\n', 'inputs:\n  hosts: { type: list, items: { type: string } }\n'),
    ],
  ])('with %s has no problem', (_, text) => {
    expect(problemsIn(text)).toEqual([]);
  });

  test.each<[string, string, RegExp]>([
    [
      'an unknown key',
      steps(`- { uses: http/request, with: ${get}, timout: 5s }`),
      /:7:.*unknown key "timout".*"timeout"/,
    ],
    [
      'a wait for all of an empty list',
      steps(`- { uses: http/request, with: ${get}, until: "response.body.items.all(i, i.ok)", for: 5m }`),
      /:7:.*all\(\) over response\.body\.items holds of an empty list, too.*size\(response\.body\.items\) > 0/,
    ],
    [
      'an input where a list is taken',
      steps('- { uses: http/request, with: { connection: fleet, path: /x, status: "${{ inputs.count }}" } }'),
      /:7:.*"status" takes a list, and the input "count" is a number/,
    ],
    [
      'a pool out of a template',
      steps(`- { uses: http/request, with: ${get}, runs-on: "\${{ inputs.api }}" }`),
      /:7:.*has to be the name of a pool/,
    ],
    [
      'a question at the end',
      steps(`- { uses: http/request, with: ${get} }`) +
        `finally:\n  - { uses: http/request, with: ${get}, on-failure: ask }\n`,
      /nobody is asked about what comes last/,
    ],
    [
      'an undo of what comes last',
      steps(`- { uses: http/request, with: ${get} }`) +
        `finally:\n  - { uses: http/request, with: ${get}, undo: { uses: fail, with: { message: x } } }\n`,
      /what comes last is not undone/,
    ],
    [
      'a question about each of many targets, in an action',
      steps(
        '- uses: foreach',
        '  with: { in: "${{ [inputs.count] }}", as: one }',
        '  steps: [{ uses: actions/careful }]',
      ),
      /a step of careful asks people when it fails, and nobody can be asked about each of many targets/,
    ],
    ['an unknown step kind', steps('- { uses: http/reqest }'), /:7:.*no step kind "http\/reqest".*"http\/request"/],
    ['an id with a hyphen', steps(`- { id: a-b, uses: http/request, with: ${get} }`), /:7:.*hyphen is a minus/],
    [
      'an unknown key in with',
      steps('- { uses: http/request, with: { connection: fleet, path: /x, methd: GET } }'),
      /has no "methd".*"method"/,
    ],
    ['a missing key in with', steps('- { uses: http/request, with: { connection: fleet } }'), /"path" is missing/],
    [
      'a wrong value in with',
      steps('- { uses: http/request, with: { connection: fleet, path: /x, method: FETCH } }'),
      /"method"/,
    ],
    [
      'an unknown connection',
      steps('- { uses: http/request, with: { connection: flet, path: /x } }'),
      /no connection "flet".*"fleet"/,
    ],
    [
      'a connection out of a template',
      steps('- { uses: http/request, with: { connection: "${{ inputs.count }}", path: /x } }'),
      /is written out/,
    ],
    [
      'a connection of another kind than the step needs',
      steps('- { uses: http/request, with: { connection: repo, path: /x } }'),
      /"repo" is a connection of the kind git, and http\/request needs http/,
    ],
    [
      'a connection of an input with something around it',
      steps('- { uses: http/request, with: { connection: "${{ inputs.api }}x", path: /x } }'),
      /is written out/,
    ],
    [
      'a connection of an input of another kind',
      steps('- { uses: http/request, with: { connection: "${{ inputs.database }}", path: /x } }'),
      /"database" is a connection of the kind postgres/,
    ],
    [
      'a template in SQL',
      steps('- { uses: sql/query, with: { connection: db, query: "select ${{ inputs.count }}" } }'),
      /"query" is taken as it is written/,
    ],
    [
      'a secret that an input chooses',
      steps(
        '- { uses: sql/execute, with: { connection: db, statement: "select {{s}}", secrets: { s: { env: "${{ inputs.count }}" } } } }',
      ),
      /"secrets" is taken as it is written/,
    ],
    [
      'a placeholder without a value',
      steps('- { uses: sql/query, with: { connection: db, query: "select :id" } }'),
      /has :id, and "params" does not give id/,
    ],
    [
      'a find that writes',
      steps(
        '- { uses: sql/execute, with: { connection: db, statement: select 1 }, find: { with: { statement: select 1 }, found: "true" } }',
      ),
      /a find only looks/,
    ],
    ['an unknown input', steps('- { uses: fail, with: { message: "${{ inputs.cuont }}" } }'), /"cuont".*"count"/],
    ['an unknown step', steps('- { uses: fail, with: { message: "${{ steps.nope.outputs.x }}" } }'), /no field "nope"/],
    [
      'an unknown output',
      steps(
        `- { id: a, uses: http/request, with: ${get}, outputs: { id: response.body.id } }`,
        '- { uses: fail, with: { message: "${{ steps.a.outputs.di }}" } }',
      ),
      /:8:.*"di".*"id"/,
    ],
    [
      'a later step',
      steps(
        '- { uses: fail, with: { message: "${{ steps.b.outputs.id }}" } }',
        `- { id: b, uses: http/request, with: ${get}, outputs: { id: response.body.id } }`,
      ),
      /:7:.*"b" comes later/,
    ],
    [
      'its own outputs',
      steps(
        `- { id: a, uses: http/request, with: { connection: fleet, path: "/\${{ steps.a.outputs.id }}" }, outputs: { id: response.body.id } }`,
      ),
      /cannot look at its own/,
    ],
    ['an expression that is none', steps('- { uses: fail, if: "inputs.count >", with: { message: x } }'), /not CEL/],
    [
      'a condition that is no truth',
      steps('- { uses: fail, if: inputs.count, with: { message: x } }'),
      /true or false/,
    ],
    ['a template that never closes', steps('- { uses: fail, with: { message: "${{ inputs.count" } }'), /never closes/],
    [
      'retry on what is never repeated',
      steps(`- { uses: http/request, with: ${post}, retry: { attempts: 3 } }`),
      /cannot be tried again/,
    ],
    [
      'retry on repeat: never',
      steps(`- { uses: http/request, with: ${get}, repeat: never, retry: { attempts: 2 } }`),
      /cannot be tried again/,
    ],
    ['repeat: find without find', steps(`- { uses: http/request, with: ${post}, repeat: find }`), /needs a "find"/],
    [
      'an undo that needs its outputs without find',
      steps(
        `- { id: a, uses: http/request, with: ${post}, outputs: { id: response.body.id }, undo: { uses: http/request, with: { connection: fleet, method: DELETE, path: "/\${{ steps.a.outputs.id }}" } } }`,
      ),
      /nobody knows after a time-out/,
    ],
    [
      'a find that does not tell what the undo needs',
      steps(
        `- { id: a, uses: http/request, with: ${post}, outputs: { key: response.body.key }, find: ${found}, undo: { uses: http/request, with: { connection: fleet, method: DELETE, path: "/\${{ steps.a.outputs.key }}" } } }`,
      ),
      /find does not tell key/,
    ],
    [
      'a find that writes',
      steps(`- { uses: http/request, with: ${post}, find: { with: { method: POST, path: /x }, found: "true" } }`),
      /find only looks/,
    ],
    [
      'an undo of an unknown kind',
      steps(`- { uses: http/request, with: ${post}, undo: { uses: htp } }`),
      /no step kind "htp"/,
    ],
    [
      'an undo with a time that is none',
      steps(`- { uses: http/request, with: ${post}, undo: { uses: http/request, with: ${post}, timeout: soon } }`),
      /"soon" is not a duration/,
    ],
    [
      'until on a step that writes',
      steps(`- { uses: http/request, with: ${post}, until: "true", for: 1m }`),
      /only a step that reads/,
    ],
    ['until without for', steps(`- { uses: http/request, with: ${get}, until: "true" }`), /how long at most/],
    ['every without until', steps(`- { uses: http/request, with: ${get}, every: 5s }`), /belongs to an "until"/],
    ['else without expect', steps(`- { uses: http/request, with: ${get}, else: no }`), /belongs to an "expect"/],
    ['a time that is none', steps(`- { uses: http/request, with: ${get}, timeout: soon }`), /not a duration/],
    [
      'two steps with one id',
      steps(`- { id: a, uses: http/request, with: ${get} }`, `- { id: a, uses: http/request, with: ${get} }`),
      /:8:.*two steps/,
    ],
    [
      'a resolve step that writes',
      `name: probe\nresolve:\n  - { id: a, uses: http/request, with: ${post} }\nsteps:\n  - { uses: fail, with: { message: x } }\n`,
      /:3:.*may only read/,
    ],
    [
      'a default outside its range',
      'name: probe\ninputs:\n  n: { type: integer, max: 5, default: 9 }\nsteps:\n  - { uses: fail, with: { message: x } }\n',
      /:3:.*at most 5/,
    ],
    [
      'a pattern that is none',
      'name: probe\ninputs:\n  n: { type: string, pattern: "(" }\nsteps:\n  - { uses: fail, with: { message: x } }\n',
      /not a pattern/,
    ],
    [
      'a name other than its file',
      'name: other\nsteps:\n  - { uses: fail, with: { message: x } }\n',
      /:1:.*called probe.yaml/,
    ],
  ])('with %s is refused at its line', (_, text, message) => {
    expect(problemsIn(text)).toEqual([expect.stringMatching(message)]);
  });

  it('tells all its problems at once', () => {
    expect(
      problemsIn(steps('- { uses: nope }', '- { uses: fail, with: { message: "${{ inputs.x }}" } }')),
    ).toHaveLength(2);
  });
});
