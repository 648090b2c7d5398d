import { compilePlan } from '../../src/runbooks/compile';
import type { CompileInput } from '../../src/runbooks/compile-input';
import { actionSchema, runbookSchema } from '../../src/runbooks/schema';
import { requestOf } from './request';

const call = (path: string) => ({ uses: 'http/request', with: { connection: 'fleet', path } });
const action = actionSchema.parse({
  name: 'look',
  inputs: { what: { type: 'string' } },
  steps: [{ id: 'seen', ...call('/x'), outputs: { state: 'response.body.state' } }],
  outputs: { state: 'steps.seen.outputs.state' },
});

function compile(runbook: object, more: Partial<CompileInput> = {}) {
  return compilePlan({
    request: { ...requestOf(), kind: 'runbook' as const, inputs: { hosts: ['h1', 'h2', 'h3'] } },
    policyCommit: 'c'.repeat(40),
    service: {},
    environment: {},
    work: { kind: 'runbook', runbook: runbookSchema.parse({ name: 'probe', ...runbook }) },
    library: { runbooks: new Map(), actions: new Map([['look', action]]) },
    resolve: {},
    connections: { fleet: { name: 'fleet', kind: 'http', origin: 'http://127.0.0.1:1' } },
    metrics: {},
    sources: [],
    watchMs: 0,
    ...more,
  });
}

const inputs = { hosts: { type: 'list', items: { type: 'string' }, min: 0 } };
const each = {
  id: 'each',
  name: 'Patch',
  uses: 'foreach',
  with: { in: '${{ inputs.hosts }}' },
  steps: [{ id: 'one', ...call('/y') }],
};

describe('the plan of a runbook with groups', () => {
  it('has the parts of a group after it, each naming the group', () => {
    const made = compile({
      inputs,
      steps: [each, { id: 'seen', uses: 'actions/look', with: { what: 'x' } }],
      finally: [{ id: 'last', ...call('/z') }],
    });
    expect(
      made.ok && made.outline.steps.map(({ path, inside, control, phase }) => [path, inside, control, phase]),
    ).toEqual([
      ['each', undefined, 'foreach', 'work'],
      ['each/one', 'each', 'step', 'work'],
      ['seen', undefined, 'sequence', 'work'],
      ['seen/seen', 'seen', 'step', 'work'],
      ['last', undefined, 'step', 'finally'],
    ]);
  });

  it('names steps without ids after the group that they are in', () => {
    const bare = call('/x');
    const made = compile({
      inputs,
      steps: [bare, { uses: 'parallel', steps: [bare, bare] }, { uses: 'actions/look', with: { what: 'x' } }],
      finally: [bare],
    });
    expect(made.ok && made.plan.steps.map(({ id }) => id)).toEqual([
      'step_1',
      'step_2',
      'step_2_1',
      'step_2_2',
      'step_3',
      'seen',
      'finally_1',
    ]);
  });

  it('says how many targets a list has that is known before anybody approves', () => {
    const made = compile({ inputs, steps: [each] });
    expect(made.ok && made.outline.steps[0]!.name).toBe('Patch (3 targets)');
  });

  it('is none when a list is empty that may not be', () => {
    const request = { ...requestOf(), kind: 'runbook' as const, inputs: { hosts: [] } };
    expect(compile({ inputs, steps: [each] }, { request })).toMatchObject({
      ok: false,
      problems: [expect.stringContaining('“Patch” has no target')],
    });
  });

  it('is none when two targets have one name', () => {
    const request = { ...requestOf(), kind: 'runbook' as const, inputs: { hosts: ['h1', 'h1'] } };
    expect(compile({ inputs, steps: [each] }, { request })).toMatchObject({
      ok: false,
      problems: [expect.stringContaining('two targets called h1')],
    });
  });

  it('is another one when the list is another', () => {
    const request = { ...requestOf(), kind: 'runbook' as const, inputs: { hosts: ['h1'] } };
    const [three, one] = [compile({ inputs, steps: [each] }), compile({ inputs, steps: [each] }, { request })];
    expect(three.ok && one.ok && three.outline.digest !== one.outline.digest).toBe(true);
  });

  it('is none when it has too many steps in all', () => {
    const request = { ...requestOf(), kind: 'runbook' as const, inputs: {} };
    const many = Array.from({ length: 150 }, (_, index) => ({
      id: `s${index}`,
      uses: 'parallel',
      steps: [1, 2, 3].map((n) => ({ id: `s${index}_${n}`, ...call('/x') })),
    }));
    expect(compile({ steps: many }, { request })).toMatchObject({
      ok: false,
      problems: [expect.stringContaining('at most 500')],
    });
  });
});
