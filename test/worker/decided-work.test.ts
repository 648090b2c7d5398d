import { relay } from '../../src/operation/relay';
import { aRequest } from '../helpers/samples';
import type { OperationRequest } from '../../src/operation/request';
import { asker, decidedAtOnce, openDecisions, type DecisionWorld } from '../helpers/decision-world';
import { relayKey } from '../helpers/policy-parts';

// Each test reads a whole policy.
jest.setTimeout(180_000);

let world: DecisionWorld;

beforeEach(async () => {
  world = await openDecisions();
});

describe('the way back of a deploy', () => {
  const wayBack = async (version: string) => {
    const { input, judgement } = await world.judged(aRequest({ version }));
    return { runs: input.admission.previousVersion, ...judgement.rollback };
  };

  test('is the version that runs', async () => {
    await world.change({ kind: 'succeeded', version: 'v2.4.0' }, 'op-2');
    await world.change({ kind: 'rolled_back', from: 'v2.4.0', to: 'v2.3.0' }, 'op-3');

    await expect(wayBack('v2.5.0')).resolves.toEqual({ runs: 'v2.3.0', ready: true, version: 'v2.3.0' });
  });

  test('is the last good one before when the version that runs is deployed again', async () => {
    await world.change({ kind: 'succeeded', version: 'v2.4.0' }, 'op-2');

    await expect(wayBack('v2.4.0')).resolves.toEqual({ runs: 'v2.4.0', ready: true, version: 'v2.3.0' });
  });

  test('is not there when nothing else succeeded', async () => {
    await expect(wayBack('v2.3.0')).resolves.toEqual({
      runs: 'v2.3.0',
      ready: false,
      why: expect.stringContaining('v2.3.0 already runs here'),
    });
  });
});

describe('a runbook', () => {
  const unplaced = { service: undefined, environment: undefined, version: undefined, reason: 'an audit' };
  const asked = (runbook: string, inputs: OperationRequest['inputs']) =>
    aRequest({ kind: 'runbook', runbook, inputs, ...unplaced });
  const admit = (request: OperationRequest) =>
    world.decisions.admit({ request: relay('request', request, relayKey), asker });

  test('that is a handler is refused, with the command to use', async () => {
    const request = asked('deliver-to-fleet', { service: 'checkout', version: 'v2.5.0' });

    await expect(admit(request)).resolves.toMatchObject({
      kind: 'denied',
      reasons: [expect.stringContaining('/deploy checkout v2.5.0 to <environment>')],
    });
  });

  test('whose inputs name a service and an environment is judged by the rules of that place', async () => {
    const where = 'inputs: { service: { type: service }, environment: { type: environment } }';
    const steps = 'steps: [{ uses: wait, with: { for: 1s } }]';
    await world.policy.commit({ 'runbooks/restart.yaml': `name: restart\n${where}\n${steps}\n` });

    const request = asked('restart', { service: 'payments', environment: 'production-eu' });
    const { input, judgement } = await world.judged(request);

    expect(input.admission.title).toBe('Run restart in production-eu (service=payments, environment=production-eu)');
    expect(judgement).toMatchObject({
      lane: { service: 'payments', environment: 'production-eu' },
      facts: { risk_level: 'high' },
    });
    expect(judgement.ballots[0]?.seats.map(({ team }) => team)).toContain('director');
    expect(judgement.gates).toContainEqual(expect.objectContaining({ kind: 'window', holds: false }));
  });

  test('shows in words what it will be given only when it begins, and the rest as it is', async () => {
    const inputs = 'inputs: { count: { type: integer }, previous_version: { type: version, default: "" } }';
    const steps = 'steps: [{ uses: wait, with: { for: 1s } }]';
    await world.policy.commit({ 'runbooks/look.yaml': `name: look\n${inputs}\n${steps}\n` });

    const { input, judgement } = await world.judged(asked('look', { count: 2 }));

    expect(input.admission.title).toBe('Run look (count=2)');
    expect(judgement.inputs).toEqual({ count: '2', previous_version: 'whatever runs here when it begins' });
  });

  test('has a title that fits in a line', async () => {
    await world.policy.commit({
      'runbooks/note.yaml':
        'name: note\ninputs: { text: { type: string } }\nsteps: [{ uses: wait, with: { for: 1s } }]\n',
    });

    const { input } = await world.judged(asked('note', { text: 'x'.repeat(900) }));

    expect(input.admission.title).toHaveLength(160);
    expect(input.admission.title).toMatch(/…$/);
  });
});

test('an approval for another workflow gets its ballot from policy and its waits from the settings', async () => {
  const ask = { title: 'Delete the bucket', about: 'It is empty.', from: ['team_lead'] };

  const answer = await world.decisions.judgeApproval({ ask, caller: { workflowId: 'w1' } });

  expect(answer).toMatchObject({
    judgement: { kind: 'allowed', ballots: [{ ladder: [{ afterMs: 3_600_000 }, { afterMs: 14_400_000 }] }] },
    timings: { lastDeliveryMs: 4_711 },
  });
});

describe('what holds work back by command', () => {
  const lock = { by: 'U0LEE', reason: 'a migration', service: 'checkout', environment: 'production' };
  const gatesThat = (gates: readonly { readonly holds: boolean; readonly message: string }[]) =>
    gates.filter(({ holds }) => !holds).map(({ message }) => message);

  test('is asked for at every decision, and the last one before the first change is not overlooked', async () => {
    const asked: unknown[] = [];
    world.held = async (about) => (asked.push(about), {});
    const before = await world.judged();
    expect(asked).toEqual([{ service: 'checkout' }, { service: 'checkout' }]);

    world.held = async () => ({ locks: [lock] });
    await expect(world.recheck(before)).resolves.toMatchObject({ kind: 'gates_closed' });
    const answer = await world.decisions.askGates({ ...before.input, judgement: before.judgement });
    expect(gatesThat(answer.gates).join()).toContain('has locked this');
  });

  test('holds work back while nobody can say, and a rollback does not even ask', async () => {
    world.held = async () => {
      throw new Error('Temporal is away');
    };
    const { judgement } = await world.judged();
    expect(gatesThat(judgement.gates).join()).toContain('Nobody can say whether a lock');

    const back = { kind: 'rollback', version: 'v2.3.0' } as const;
    await world.change({ kind: 'succeeded', version: 'v2.4.0' }, 'op-2');
    const { judgement: rollback } = await world.judged(aRequest(back));
    expect(rollback.gates).toEqual([]);
  });
});

test('the folder that a step works with is a part of what people approve, and has to be there', async () => {
  const path = 'runbooks/set-fleet-share.yaml';
  const before = decidedAtOnce()[path]!;
  const tool =
    '  - { id: tool, name: Use the tool, uses: program, with: { program: tool, folder: ops/tool }, undo: none }\n';
  const withTool = `${before.trimEnd()}\n${tool}`;
  await world.policy.commit({ [path]: withTool });
  await expect(world.judged()).rejects.toThrow(/The folder ops\/tool of the policy repository does not exist at/);
  await world.policy.commit({ 'ops/tool/run.sh': 'one\n' });
  const first = await world.judged();
  await world.policy.commit({ 'README.md': 'another word\n' });
  expect((await world.recheck(first)).kind).toBe('go');
  await world.policy.commit({ 'ops/tool/run.sh': 'two\n' });
  expect((await world.recheck(first)).kind).not.toBe('go');
  await world.policy.commit({ [path]: before, 'ops/tool/run.sh': null });
});
