import { formatProblem, readDocument } from '../../src/documents/read-yaml';
import { checkRunbook } from '../../src/runbooks/check';
import type { Library } from '../../src/runbooks/library';
import { actionSchema, runbookSchema } from '../../src/runbooks/schema';

const child = runbookSchema.parse({
  name: 'child',
  inputs: { size: { type: 'integer', min: 1 }, note: { type: 'string', default: 'none' } },
  steps: [
    {
      id: 'made',
      uses: 'http/request',
      with: { connection: 'fleet', path: '/x' },
      outputs: { id: 'response.body.id' },
    },
  ],
  outputs: { id: 'steps.made.outputs.id' },
});
const looking = runbookSchema.parse({
  name: 'looking',
  resolve: [{ uses: 'http/request', with: { connection: 'fleet', path: '/x' } }],
  steps: [{ uses: 'fail', with: { message: 'x' } }],
});
const cleaning = runbookSchema.parse({
  name: 'cleaning',
  steps: child.steps,
  finally: [{ uses: 'fail', with: { message: 'x' } }],
});
const again = runbookSchema.parse({ name: 'again', steps: [{ uses: 'runbook', with: { runbook: 'probe' } }] });
const back = actionSchema.parse({ name: 'back', inputs: { what: { type: 'string' } }, steps: child.steps });
const library: Library = {
  connections: new Map([['fleet', 'http']]),
  runbooks: new Map([child, looking, cleaning, again].map((document) => [document.name, document])),
  actions: new Map([[back.name, back]]),
  rollouts: ['careful'],
  policy: { teams: ['leads'], windows: ['night'], services: ['shop'], environments: ['staging', 'production'] },
};

function problemsIn(text: string): readonly string[] {
  const file = 'runbooks/probe.yaml';
  const document = readDocument({ file, text, schema: runbookSchema });
  if (!document.ok) return document.problems.map(formatProblem);
  const { value: runbook, lineOf } = document;
  const whole: Library = { ...library, runbooks: new Map([...library.runbooks, [runbook.name, runbook]]) };
  return checkRunbook({ file, runbook, library: whole, lineOf }).map(formatProblem);
}

const steps = (...lines: readonly string[]) =>
  `name: probe\ninputs:\n  hosts: { type: list }\nsteps:\n${lines.map((line) => `  ${line}\n`).join('')}`;
const get = '{ connection: fleet, path: /x }';
const each = (inner: string, more = '') =>
  `- { id: each, uses: foreach, with: { in: "\${{ inputs.hosts }}", as: host${more} }, steps: [${inner}] }`;

describe('control steps', () => {
  test.each<[string, string]>([
    ['a list with its own name for the target', steps(each('{ uses: fail, with: { message: "${{ host }}" } }'))],
    [
      'the counts of a list in what follows',
      steps(
        each(`{ uses: http/request, with: ${get} }`)
          .replace(' }', ' }')
          .replace('id: each,', 'id: each, outputs: { bad: targets.failed_targets },'),
        '- { uses: fail, if: "size(steps.each.outputs.bad) > 0", with: { message: x } }',
      ),
    ],
    [
      'outputs of a parallel in what follows',
      steps(
        `- { uses: parallel, steps: [{ id: a, uses: http/request, with: ${get}, outputs: { id: response.body.id } }] }`,
        '- { uses: fail, with: { message: "${{ steps.a.outputs.id }}" } }',
      ),
    ],
    [
      'another runbook and its outputs',
      steps(
        '- { id: one, uses: runbook, with: { runbook: child, inputs: { size: 2 } } }',
        '- { uses: fail, with: { message: "${{ steps.one.outputs.id }}" } }',
      ),
    ],
    [
      'an action as an undo',
      steps(`- { id: a, uses: http/request, with: ${get}, undo: { uses: actions/back, with: { what: x } } }`),
    ],
    ['an approval', steps('- { uses: approval, with: { from: [leads], about: Go on? } }')],
    ['a wait for a window', steps('- { uses: wait, with: { window: night, for: 2d } }')],
    [
      'a rollout',
      steps(
        '- { uses: rollout, with: { service: shop, version: v2, environment: staging, rollout: careful }, undo: rollback }',
      ),
    ],
    [
      'a deploy',
      steps('- { uses: deploy, with: { service: shop, version: v2, environment: staging }, undo: rollback }'),
    ],
    ['a workflow', steps('- { uses: temporal/workflow, with: { type: Train, task_queue: ml, args: [1] } }')],
  ])('%s has no problem', (_, text) => {
    expect(problemsIn(text)).toEqual([]);
  });

  test.each<[string, string, RegExp]>([
    ['a list without steps', steps('- { uses: foreach, with: { in: [a] } }'), /:5:.*foreach needs "steps"/],
    [
      'steps where there are none',
      steps(`- { uses: http/request, with: ${get}, steps: [{ uses: fail, with: { message: x } }] }`),
      /http\/request has no steps of its own/,
    ],
    [
      'a name that means something else',
      steps('- { uses: foreach, with: { in: [a], as: inputs }, steps: [{ uses: fail, with: { message: x } }] }'),
      /"inputs" means something else already/,
    ],
    [
      'a name that no expression can say',
      steps('- { uses: foreach, with: { in: [a], as: namespace }, steps: [{ uses: fail, with: { message: x } }] }'),
      /"namespace" is a word that CEL keeps for itself; give the target another name/,
    ],
    [
      'the target outside of its list',
      steps(each('{ uses: fail, with: { message: x } }'), '- { uses: fail, with: { message: "${{ host }}" } }'),
      /"host"/,
    ],
    [
      'outputs of a target outside of its list',
      steps(
        each(`{ id: a, uses: http/request, with: ${get}, outputs: { id: response.body.id } }`),
        '- { uses: fail, with: { message: "${{ steps.a.outputs.id }}" } }',
      ),
      /"a"/,
    ],
    [
      'outputs of a step beside it',
      steps(
        `- { uses: parallel, steps: [{ id: a, uses: http/request, with: ${get}, outputs: { id: response.body.id } }, { id: b, uses: fail, with: { message: "\${{ steps.a.outputs.id }}" } }] }`,
      ),
      /"a" comes later/,
    ],
    [
      'two steps with one id, however deep',
      steps(`- { id: a, uses: http/request, with: ${get} }`, each(`{ id: a, uses: http/request, with: ${get} }`)),
      /two steps have the id "a"/,
    ],
    [
      'asking about each target',
      steps(each('{ uses: fail, on-failure: ask, with: { message: x } }')),
      /nobody can be asked about each of many targets.*at the foreach/,
    ],
    [
      'retry where the run does it itself',
      steps('- { uses: wait, with: { for: 1m }, retry: { attempts: 2 } }'),
      /wait has no "retry"/,
    ],
    [
      'an action as an undo with a time of its own',
      steps(
        `- { id: a, uses: http/request, with: ${get}, undo: { uses: actions/back, with: { what: x }, timeout: 1h } }`,
      ),
      /an undo of several steps has no "timeout"/,
    ],
    [
      'an undo of a wait',
      steps(`- { uses: wait, with: { for: 1m }, undo: { uses: http/request, with: ${get} } }`),
      /wait has no undo of its own/,
    ],
    [
      'a rollout without stages to take',
      steps('- { uses: rollout, with: { service: shop, version: v2, environment: staging } }'),
      /"rollout" is missing/,
    ],
    [
      'a rollout that is not there',
      steps('- { uses: rollout, with: { service: shop, version: v2, environment: staging, rollout: carefull } }'),
      /no rollout "carefull".*"careful"/,
    ],
    [
      'a deploy by a rollout that is not there',
      steps('- { uses: deploy, with: { service: shop, version: v2, environment: staging, rollout: bold } }'),
      /no rollout "bold".*add deployments\/bold\.yaml/,
    ],
    [
      'a call as the undo of a deploy',
      steps(
        `- { uses: deploy, with: { service: shop, version: v2, environment: staging }, undo: { uses: http/request, with: ${get} } }`,
      ),
      /undone by "rollback" or not at all/,
    ],
    [
      'a rollback as the undo of something else',
      steps(`- { uses: http/request, with: ${get}, undo: rollback }`),
      /only a deploy is undone by a rollback/,
    ],
    ['an unknown runbook', steps('- { uses: runbook, with: { runbook: chld } }'), /no runbook "chld".*"child"/],
    ['an unknown action', steps('- { uses: actions/bak, with: {} }'), /no action "bak".*"back"/],
    [
      'a missing input of another',
      steps('- { uses: runbook, with: { runbook: child } }'),
      /runbook child needs the input "size"/,
    ],
    [
      'an unknown input of another',
      steps('- { uses: runbook, with: { runbook: child, inputs: { size: 1, sze: 2 } } }'),
      /no input "sze".*"size"/,
    ],
    [
      'a wrong input of another',
      steps('- { uses: runbook, with: { runbook: child, inputs: { size: 0 } } }'),
      /"size" has to be at least 1/,
    ],
    [
      'a runbook that looks before people are asked',
      steps('- { uses: runbook, with: { runbook: looking } }'),
      /looking has "resolve" steps/,
    ],
    [
      'a circle',
      steps('- { uses: runbook, with: { runbook: again } }'),
      /comes back to itself: runbook probe → runbook again → runbook probe/,
    ],
    [
      'an undo of several steps that needs what is not known',
      steps(
        `- { id: a, uses: http/request, with: ${get}, outputs: { id: response.body.id }, undo: { uses: actions/back, with: { what: "\${{ steps.a.outputs.id }}" } } }`,
      ),
      /undo of several steps cannot look at id/,
    ],
    ['an unknown team', steps('- { uses: approval, with: { from: [leeds], about: x } }'), /no team "leeds".*"leads"/],
    [
      'an approval that may be passed over',
      steps('- { uses: approval, skippable: true, with: { from: [leads], about: x } }'),
      /an approval that anybody may pass over is none/,
    ],
    [
      'a group that may be passed over',
      steps(`- { uses: parallel, skippable: true, steps: [{ uses: http/request, with: ${get} }] }`),
      /parallel is not passed over as a whole.*at the steps in it/,
    ],
    [
      'a step for many targets that may be passed over',
      steps(each(`{ uses: http/request, skippable: true, with: ${get} }`)),
      /nobody can say which of many targets/,
    ],
    [
      'a step of the work that is to be looked at once more',
      steps('- { uses: wait, recheck: true, with: { for: 1m } }'),
      /only a resolve step looks at something/,
    ],
    [
      'an approval whose rejection counts for nothing',
      steps('- { uses: approval, on-failure: continue, with: { from: [leads], about: x } }'),
      /what people did not approve does not go on/,
    ],
    [
      'a runbook with an end of its own',
      steps('- { uses: runbook, with: { runbook: cleaning } }'),
      /cleaning has "finally" steps/,
    ],
    [
      'an undo that the run would have to carry out',
      steps(`- { uses: http/request, with: ${get}, undo: { uses: wait, with: { for: 1m } } }`),
      /wait is no undo of one call/,
    ],
    ['an unknown window', steps('- { uses: wait, with: { window: nite } }'), /no window "nite".*windows: night/],
    ['an instant without a zone', steps('- { uses: wait, with: { until: "2026-12-01T10:00" } }'), /is not an instant/],
    ['two things to wait for', steps('- { uses: wait, with: { window: night, signal: done } }'), /says one of/],
    ['nothing to wait for', steps('- { uses: wait, with: {} }'), /says one of/],
    [
      'an unknown environment',
      steps('- { uses: deploy, with: { service: shop, version: v2, environment: stagin } }'),
      /no environment "stagin".*"staging"/,
    ],
    [
      'a workflow that is neither started nor told',
      steps('- { uses: temporal/workflow, with: { type: Train } }'),
      /either starts a workflow/,
    ],
    [
      'control before anybody is asked',
      `name: probe\nresolve:\n  - { uses: approval, with: { from: [leads], about: x } }\n${steps('- { uses: fail, with: { message: x } }').replace('name: probe\n', '')}`,
      /a resolve step only looks/,
    ],
  ])('%s is a problem', (_, text, message) => {
    expect(problemsIn(text).join('\n')).toMatch(message);
  });
});
