import { digestOf } from '../../src/canonical';
import { compilePlan, compileResolve } from '../../src/runbooks/compile';
import type { CompileInput } from '../../src/runbooks/compile-input';
import { runbookSchema, type Runbook } from '../../src/runbooks/schema';
import type { Rollout } from '../../src/rollouts/schema';
import { requestOf } from './request';

const fleet = { name: 'fleet', kind: 'exposition', origin: 'http://127.0.0.1:7400' } as const;
const call = { connection: 'fleet', method: 'PUT', path: '/x' };
const undo = { uses: 'http/request', with: call };

const handler: Runbook = runbookSchema.parse({
  name: 'share',
  inputs: {
    service: { type: 'service' },
    version: { type: 'version' },
    previous_version: { type: 'version' },
    share: { type: 'integer' },
    previous_share: { type: 'integer' },
    stage: { type: 'string' },
  },
  steps: [{ id: 'shift', uses: 'http/request', with: call, undo }],
});

const deploying: Runbook = runbookSchema.parse({
  name: 'deliver',
  inputs: { version: { type: 'version' }, previous_version: { type: 'version' } },
  steps: [{ id: 'shift', uses: 'http/request', with: call, undo }],
});

const criteria = { error_rate: '<0.1%' };
const rollout: Rollout = {
  name: 'checkout',
  stages: [
    { name: 'canary', target: '25%', duration: '8s', success_criteria: criteria },
    { name: 'full', target: '100%', monitoring_period: '1h' },
  ],
};

const base: CompileInput = {
  request: requestOf(),
  policyCommit: 'c'.repeat(40),
  service: { name: 'checkout' },
  environment: { name: 'production' },
  previousVersion: 'v2.3.0',
  work: { kind: 'rollout', rollout, handler },
  resolve: {},
  connections: { fleet },
  metrics: { error_rate: { connection: 'fleet', query: 'e', unit: 'ratio' } },
  sources: [],
  watchMs: 0,
};

function compiled(change: Partial<CompileInput> = {}) {
  const result = compilePlan({ ...base, ...change });
  if (!result.ok) throw new Error(result.problems.join('\n'));
  return result;
}

describe('the plan of a rollout', () => {
  it('takes every stage to its share, then judges it, then watches the whole', () => {
    const { outline } = compiled();
    expect(
      outline.steps.map(({ path, uses, phase, pollForMs, stage }) => ({ path, uses, phase, pollForMs, stage })),
    ).toEqual([
      { path: 'canary/shift', uses: 'http/request', phase: 'work', pollForMs: undefined, stage: 'canary' },
      { path: 'canary/success-criteria', uses: 'monitor', phase: 'work', pollForMs: 8000, stage: 'canary' },
      { path: 'full/shift', uses: 'http/request', phase: 'work', pollForMs: undefined, stage: 'full' },
      { path: 'monitoring-period', uses: 'monitor', phase: 'watch', pollForMs: 3_600_000, stage: undefined },
    ]);
  });

  it('gives the handler the share of its stage and of the one before', () => {
    const { plan } = compiled();
    expect(plan.scopes).toMatchObject({
      canary: { inputs: { service: 'checkout', version: 'v2.4.0', share: 25, previous_share: 0, stage: 'canary' } },
      full: { inputs: { share: 100, previous_share: 25, stage: 'full' } },
    });
  });

  it('keeps to what policy judged, whatever inputs somebody adds', () => {
    const asked = { ...requestOf(), inputs: { version: 'v6.6.6', previous_version: 'v6.6.6' } };
    const { plan } = compiled({ work: { kind: 'runbook', runbook: deploying }, request: asked });
    expect(plan.scopes.deliver!.inputs).toEqual({ version: 'v2.4.0', previous_version: { $late: 'previous_version' } });
  });

  it('takes nothing that somebody asks for as late', () => {
    const runbook = runbookSchema.parse({ ...deploying, inputs: { note: { type: 'string' } } });
    const request = { ...requestOf(), inputs: { note: { $late: 'previous_version' } } };
    const result = compilePlan({ ...base, work: { kind: 'runbook', runbook }, request });
    expect(result).toMatchObject({ ok: false, problems: [expect.stringMatching(/has to be a text/)] });
  });

  it('does not depend on what runs there now, which is told when the lane is held', () => {
    const { plan, outline } = compiled();
    expect(plan.scopes.canary!.inputs.previous_version).toEqual({ $late: 'previous_version' });
    expect(compiled({ previousVersion: 'v1.0.0' }).outline.digest).toBe(outline.digest);
  });

  it('has a digest over exactly what the blob store will give back', () => {
    const { plan, outline } = compiled();
    expect(digestOf(JSON.parse(JSON.stringify(plan)))).toBe(outline.digest);
    expect(compiled({ policyCommit: 'd'.repeat(40) }).outline.digest).not.toBe(outline.digest);
  });

  it('freezes only the connections and metrics that it uses', () => {
    const { plan } = compiled({ connections: { fleet, other: { ...fleet, name: 'other' } } });
    expect(Object.keys(plan.connections)).toEqual(['fleet']);
    expect(Object.keys(plan.metrics)).toEqual(['error_rate']);
  });

  it('watches as long as the environment wants when no stage wants longer', () => {
    const { outline } = compiled({ watchMs: 7_200_000 });
    expect(outline.steps.at(-1)).toMatchObject({ phase: 'watch', pollForMs: 7_200_000 });
  });

  test.each([
    ['x{version="${version}"}', /no template; write it as in/],
    ['x{version="${{ inputs.version }}"}', /inputs.version/],
    ['x{version="${{ operation.verison }}"}', /operation.verison|"verison"/],
    ['${{ operation.version }}', /as a whole/],
  ])('is refused when a metric asks %s', (query, message) => {
    const result = compilePlan({ ...base, metrics: { error_rate: { ...base.metrics.error_rate!, query } } });
    expect(result.ok ? [] : result.problems).toEqual([expect.stringMatching(message)]);
  });

  it('says that there is nothing to go back to when no version ran before', () => {
    expect(compiled().outline.irreversible).toEqual([]);
    expect(compiled({ previousVersion: undefined }).outline.irreversible).toEqual([
      expect.stringMatching(/nothing to go back to/),
    ]);
  });

  describe('with a handler that resolves', () => {
    const look = { connection: 'fleet', path: '/x' };
    const resolving = runbookSchema.parse({
      ...handler,
      resolve: [{ id: 'release', uses: 'http/request', with: look }],
    });
    const work = { kind: 'rollout' as const, rollout, handler: resolving };

    it('resolves once for all stages, with the values of the last one', () => {
      const result = compileResolve({ ...base, work });
      expect(result).toMatchObject({
        ok: true,
        outline: { steps: [{ path: 'release' }] },
        plan: {
          scopes: { '@resolve': { inputs: { version: 'v2.4.0', share: 100, previous_share: 25, stage: 'full' } } },
        },
      });
      expect(compilePlan({ ...base, work, resolve: { release: { level: 1 } } })).toMatchObject({
        ok: true,
        plan: { resolve: { release: { level: 1 } }, steps: compiled().plan.steps },
      });
    });

    it('leaves it to the plan to say what is wrong with its stages', () => {
      const wrong = { ...rollout, stages: [{ name: 'all', target: '200%' }] };
      expect(compileResolve({ ...base, work: { ...work, rollout: wrong } })?.ok).toBe(false);
    });

    it('refuses a prerequisite that resolves, because nobody would ask it', () => {
      const asking: Rollout = { ...rollout, prerequisites: [{ database_migration: 'v2.3.0' }] };
      const prerequisites = {
        database_migration: runbookSchema.parse({ ...deploying, name: 'm', resolve: resolving.resolve }),
      };
      expect(compilePlan({ ...base, work: { ...work, rollout: asking, prerequisites } })).toMatchObject({
        ok: false,
        problems: [expect.stringContaining('a handler of a prerequisite cannot have')],
      });
    });
  });

  it('runs the handlers of its prerequisites first', () => {
    const prerequisite = runbookSchema.parse({
      name: 'check-migration',
      inputs: { value: { type: 'version' } },
      steps: [{ id: 'look', uses: 'http/request', with: { connection: 'fleet', path: '/x' } }],
    });
    const asking: Rollout = { ...rollout, prerequisites: [{ database_migration: 'v2.3.0' }] };
    const work = { kind: 'rollout' as const, rollout: asking, handler };
    const { outline, plan } = compiled({ work: { ...work, prerequisites: { database_migration: prerequisite } } });
    expect(outline.steps[0]!.path).toBe('prerequisite-database_migration/look');
    expect(plan.scopes['@prerequisite-database_migration']!.inputs).toEqual({ value: 'v2.3.0' });
    expect(compilePlan({ ...base, work })).toEqual({
      ok: false,
      problems: [expect.stringContaining('no handler for prerequisite.database_migration')],
    });
  });
});

describe('the plan of a runbook', () => {
  const runbook = runbookSchema.parse({
    name: 'web',
    inputs: { count: { type: 'integer', max: 5 } },
    resolve: [
      { id: 'now', uses: 'http/request', with: { connection: 'fleet', path: '/x' }, outputs: { a: 'response.status' } },
    ],
    steps: [
      { id: 'make', name: 'Make it', uses: 'http/request', with: { ...call, method: 'POST' }, undo: 'none' },
      { id: 'back', uses: 'http/request', with: call, undo },
      { uses: 'wait', with: { for: '5s' } },
      {
        id: 'hosts',
        uses: 'http/request',
        with: { ...call, method: 'POST' },
        'runs-on': 'web',
        undo: { uses: 'ansible/playbook', with: { playbook: 'plays/off.yml', hosts: ['a'] }, 'runs-on': 'ansible' },
      },
      {
        id: 'quick',
        uses: 'http/request',
        with: call,
        retry: { attempts: 5, first: '2s' },
        undo: { ...undo, timeout: '10m' },
      },
    ],
  });
  const work = { kind: 'runbook', runbook } as const;
  const request = { ...requestOf(), kind: 'runbook', inputs: { count: '2' } } as const;

  it('has its steps in order with what a workflow needs of each', () => {
    const { outline } = compiled({ work, request });
    expect(outline.steps).toMatchObject([
      { path: 'make', repeat: 'never', hasUndo: false, retry: { attempts: 1 } },
      { path: 'back', repeat: 'safe', hasUndo: true, retry: { attempts: 3 } },
      { path: 'step_3', control: 'wait', given: { for: '5s' } },
      {
        path: 'hosts',
        pool: 'web',
        timeoutMs: 60_000,
        undo: { retry: { attempts: 3 }, timeoutMs: 3_600_000, pool: 'ansible' },
      },
      {
        path: 'quick',
        pool: 'default',
        undo: { retry: { attempts: 5, firstMs: 2_000 }, timeoutMs: 600_000, pool: 'default' },
      },
    ]);
    expect(outline.irreversible).toEqual(['“Make it” cannot be undone.']);
  });

  it('has its inputs as their type wants them', () => {
    expect(compiled({ work, request }).plan.scopes.web!.inputs).toEqual({ count: 2 });
  });

  it('is refused with what is wrong with its inputs', () => {
    const result = compilePlan({ ...base, work, request: { ...request, inputs: { count: 9, other: 1 } } });
    expect(result.ok ? [] : result.problems).toEqual([
      expect.stringMatching(/no input "other"/),
      expect.stringMatching(/at most 5/),
    ]);
  });

  it('is refused when it uses a connection that is not there', () => {
    const result = compilePlan({ ...base, work, request, connections: {} });
    expect(result).toMatchObject({ ok: false, problems: [expect.stringMatching(/connection "fleet"/)] });
  });

  it('resolves by a plan of its own, whose paths are the ids of its steps', () => {
    const result = compileResolve({ ...base, work, request });
    expect(result).toMatchObject({
      ok: true,
      outline: { steps: [{ path: 'now' }] },
      plan: { steps: [{ scope: '@resolve' }] },
    });
    expect(compileResolve(base)).toBeUndefined();
  });

  it('waits out the watch of its environment', () => {
    expect(compiled({ work, request, watchMs: 60_000 }).outline.steps.at(-1)).toMatchObject({
      control: 'wait',
      phase: 'watch',
      given: { for: '60000ms' },
    });
  });
});

describe('an input that names a connection', () => {
  const runbook = runbookSchema.parse({
    name: 'ask',
    inputs: { api: { type: 'connection', kind: 'http' } },
    steps: [
      {
        id: 'ask',
        uses: 'http/request',
        with: { connection: '${{ inputs.api }}', path: '/x' },
        find: { with: { connection: '${{ inputs.api }}', path: '/y' }, found: 'true' },
        undo: { uses: 'http/request', with: { connection: '${{ inputs.api }}', path: '/z' } },
      },
    ],
  });
  const api = { name: 'api', kind: 'http', origin: 'http://127.0.0.1:7401' } as const;
  const asked = (name: string) => ({
    ...base,
    connections: { fleet, api },
    work: { kind: 'runbook', runbook } as const,
    request: { ...requestOf(), inputs: { api: name } },
  });

  it('is written into the plan with everything of the connection, so that it is approved', () => {
    const { plan } = compiled(asked('api'));
    expect(plan.connections).toEqual({ api });
    expect(plan.steps[0]).toMatchObject({
      with: { connection: 'api' },
      find: { with: { connection: 'api' } },
      undo: { with: { connection: 'api' } },
    });
  });

  test.each([
    ['nope', /connection "nope", which does not exist/],
    ['fleet', /"fleet" is of the kind exposition/],
    ['${{ inputs.api }}', /name of a connection/],
  ])('refuses %s', (name, problem) => {
    expect(compilePlan(asked(name))).toMatchObject({ ok: false, problems: [expect.stringMatching(problem)] });
  });
});

test('what was found before anybody is asked is a part of what people approve', () => {
  const found = [{ step: 'Plan', summary: '2 to destroy', lines: ['destroy a', 'destroy b'] }];
  expect(compiled({ found }).plan.found).toEqual(found);
  expect(compiled({ found }).outline.digest).not.toBe(compiled().outline.digest);
  expect(compiled({ found: [{ ...found[0]!, lines: ['destroy a'] }] }).outline.digest).not.toBe(
    compiled({ found }).outline.digest,
  );
});

test('the files that secrets of connections lie in are a part of what is approved', () => {
  const auth = { bearer: { sops: 'secrets/fleet.yaml', key: 'token' } };
  const secrets = { tree: 't', digest: 'd', files: 1, bytes: 2 };
  const given = { connections: { fleet: { ...fleet, auth } }, folders: { secrets } };
  const { plan, outline } = compiled(given);
  expect(plan.trees).toEqual({ secrets });
  expect(compiled({ ...given, folders: { secrets: { ...secrets, digest: 'e' } } }).outline.digest).not.toBe(
    outline.digest,
  );
  expect(compilePlan({ ...base, ...given, folders: { secrets: { problem: 'It is not there.' } } })).toEqual({
    ok: false,
    problems: ['It is not there.'],
  });
});
