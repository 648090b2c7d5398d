import { verdictBody } from '../../workflows/operation/verdict-body';
import { mkdtempSync } from 'node:fs';
import { renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLedger } from '../../activities/adapters/ledger';
import type { KnownPerson } from '../../src/operation/asker';
import { relay } from '../../src/operation/relay';
import { examplePolicy } from '../helpers/company';
import { aRequest } from '../helpers/samples';
import type { JudgeInput } from '../../src/operation/judgement';
import type { Relayed } from '../../src/operation/request';
import { asker, openDecisions, type DecisionWorld } from '../helpers/decision-world';
import { relayKey } from '../helpers/policy-parts';

// Each test reads a whole policy.
jest.setTimeout(180_000);

let world: DecisionWorld;

beforeEach(async () => {
  world = await openDecisions();
});

test('both verdicts come in one answer, and each is what it is alone', async () => {
  const request = relay('request', aRequest(), relayKey);
  const decision = await world.decisions.decide({ request, asker });
  if (decision.kind !== 'decided') throw new Error(decision.kind);
  const { admission, judgement } = decision;

  expect(admission).toEqual(await world.decisions.admit({ request, asker }));
  expect(admission.kind === 'admitted' && judgement).toEqual(
    await world.decisions.judge({ request, asker, admission: admission as JudgeInput['admission'], resolved: {} }),
  );
});

test('what has to be looked up first has no second verdict yet', async () => {
  await world.policy.commit({ 'runbooks/set-fleet-share.yaml': examplePolicy(7400)['runbooks/set-fleet-share.yaml']! });
  const request = relay('request', aRequest(), relayKey);

  const decision = await world.decisions.decide({ request, asker });

  expect(decision).toMatchObject({ admission: { kind: 'admitted', resolve: { steps: [{ path: 'release' }] } } });
  expect(decision).not.toHaveProperty('judgement');
});

test('a denial has no second verdict', async () => {
  const request = relay('request', aRequest({ environment: 'mars' }), relayKey);

  await expect(world.decisions.decide({ request, asker })).resolves.toEqual({
    kind: 'decided',
    asker,
    admission: expect.objectContaining({ kind: 'denied' }),
  });
});

test('what did not come through the relay is not decided on, on the spot neither', async () => {
  const request = relay('request', aRequest(), 'another-key-of-at-least-32-characters');

  await expect(world.decisions.decide({ request, asker })).rejects.toMatchObject({
    type: 'NotRelayed',
    nonRetryable: true,
  });
});

describe('what the bot knew of the asker', () => {
  const body = (change: Partial<KnownPerson> = {}): KnownPerson => ({
    format: 1,
    user: 'U0ANA',
    groups: ['S0LEADS'],
    at: new Date(Date.now() - 5_000).toISOString(),
    ...change,
  });
  const ago = (ms: number): Partial<KnownPerson> => ({ at: new Date(Date.now() - ms).toISOString() });
  const decideFor = (known?: Relayed<KnownPerson>, request = aRequest()) =>
    world.decisions.decide({ request: relay('request', request, relayKey), known });

  test('suffices when a bot signed it and it is fresh', async () => {
    await expect(decideFor(relay('person', body(), relayKey))).resolves.toMatchObject({
      kind: 'decided',
      asker: { standing: 'member', groups: ['S0LEADS'] },
      judgement: { kind: 'allowed' },
    });
  });

  test.each([
    ['is absent', () => undefined],
    ['is of another person', () => relay('person', body({ user: 'U0BOB' }), relayKey)],
    ['is older than a minute', () => relay('person', body(ago(61_000)), relayKey)],
    ['is of the future', () => relay('person', body(ago(-60_000)), relayKey)],
    ['has an instant that is none', () => relay('person', body({ at: 'today' }), relayKey)],
    ['is signed by another key', () => relay('person', body(), 'another-key-of-at-least-32-characters')],
    ['is signed for another purpose', () => relay('vote', body(), relayKey)],
    ['was changed', () => ({ ...relay('person', body(), relayKey), body: body({ groups: ['S0ADMINS'] }) })],
  ])('decides nothing when it %s', async (_what, known) => {
    await expect(decideFor(known())).resolves.toEqual({ kind: 'asker_unknown' });
  });
});

describe('an operation that began before', () => {
  /** Another process writes it: what this one knows of the remote is older. */
  async function begunElsewhere(id: string): Promise<void> {
    const other = await openLedger({
      url: world.records.url,
      ref: 'refs/heads/ledger',
      dataDir: mkdtempSync(join(tmpdir(), 'signalbox-other-')),
      now: () => new Date(),
    });
    const at = new Date().toISOString();
    await other.append([{ operationId: id, event: 'intent', index: 4, at, day: at.slice(0, 10), body: {} }]);
  }

  test('is denied at its admission', async () => {
    const request = aRequest();
    await begunElsewhere(request.id);
    await world.ledger.fetch();

    await expect(world.judged(request)).rejects.toThrow('carried out before');
  });

  test('is denied before the first side effect, although its admission did not ask the remote again', async () => {
    await world.judged();
    const request = aRequest();
    await begunElsewhere(request.id);
    const again = await world.judged(request);

    await expect(world.recheck(again)).resolves.toMatchObject({
      kind: 'denied',
      reasons: [expect.stringContaining('carried out before')],
    });
  });
});

test('nothing moved: go, and undo goes back to what runs now', async () => {
  const before = await world.judged();
  await world.change({ kind: 'succeeded', version: 'v2.3.5' }, 'op-2');

  await expect(world.recheck(before)).resolves.toEqual({
    kind: 'go',
    previousVersion: 'v2.3.5',
    nextFreezeAtMs: expect.any(Number) as number,
  });
});

test('a newer policy commit that changes nothing here does not void the votes', async () => {
  const before = await world.judged();
  await world.policy.commit({ 'configs/services/other.yaml': 'service: { name: other, owner: team_lead }\n' });

  await expect(world.recheck(before)).resolves.toMatchObject({ kind: 'go' });
});

test.each([
  [
    'who has to approve',
    'policy.yaml',
    'require: [security_team, team_lead]\n',
    'require: [security_team, team_lead, director]\n',
  ],
  ['what would run', 'deployments/checkout.yaml', '25%', '30%'],
])('a change of %s opens new ballots and says so', async (_what, file, from, to) => {
  const before = await world.judged();
  const text = await world.policy.read(file);
  expect(text).toContain(from);
  await world.policy.commit({ [file]: text.replace(from, to) });

  const answer = await world.recheck(before);

  expect(answer).toMatchObject({ kind: 'changed', because: expect.stringContaining('vote anew') });
  if (answer.kind !== 'changed' || answer.judgement.kind !== 'allowed') throw new Error('no judgement');
  expect(answer.judgement.ballots[0]?.digest).not.toBe(before.judgement.ballots[0]?.digest);
});

test('what was looked up and is not the same any more opens new ballots, though the policy is the same', async () => {
  const before = await world.judged();
  const resolved = { ...before.input.resolved, hosts: { list: ['one', 'two'] } };

  const answer = await world.recheck({ ...before, input: { ...before.input, resolved } });

  expect(answer).toMatchObject({
    kind: 'changed',
    because:
      'What would run has changed since people voted (the policy is the same), so the votes are void; please look again and vote anew.',
  });
  if (answer.kind !== 'changed' || answer.judgement.kind !== 'allowed') throw new Error('no judgement');
  expect(answer.judgement.ballots[0]?.digest).not.toBe(before.judgement.ballots[0]?.digest);
});

test('while it waits, a newer policy that asks for more is found when the gates are asked; one that asks for less is not', async () => {
  const before = await world.judged();
  const ask = () => world.decisions.askGates({ ...before.input, judgement: before.judgement });
  const text = await world.policy.read('policy.yaml');
  const rule = 'require: [security_team, team_lead]\n';
  expect(text).toContain(rule);

  await world.policy.commit({ 'policy.yaml': text.replace(rule, 'require: [team_lead]\n') });
  await expect(ask()).resolves.not.toHaveProperty('moved');

  await world.policy.commit({ 'policy.yaml': text.replace(rule, 'require: [team_lead, director]\n') });
  const { moved } = await ask();
  expect(moved).toMatchObject({ kind: 'changed', because: expect.stringContaining('Who has to approve') });
  if (moved?.kind !== 'changed') throw new Error('not changed');
  expect(moved.judgement.ballots[0]?.seats.map(({ team }) => team)).toEqual(['team_lead', 'director', 'security_team']);
});

test('a freeze that began while people voted denies or waits as policy says', async () => {
  const before = await world.judged();
  const text = await world.policy.read('policy.yaml');
  const freeze = '  - { name: sudden, from: 2020-01-01, to: 2099-01-01, environments: [production], effect: deny }\n';
  await world.policy.commit({ 'policy.yaml': text.replace('freezes:\n', `freezes:\n${freeze}`) });

  await expect(world.recheck(before)).resolves.toMatchObject({
    kind: 'denied',
    reasons: [expect.stringContaining('sudden')],
  });
});

test('what a shadow rule would have changed goes into the judgement and is told, and the basis is recorded', async () => {
  const text = await world.policy.read('policy.yaml');
  const freeze =
    '  - { name: tried out, mode: shadow, from: 2020-01-01, to: 2099-01-01, environments: [production], effect: deny }\n';
  await world.policy.commit({ 'policy.yaml': text.replace('freezes:\n', `freezes:\n${freeze}`) });
  world.heard.length = 0;

  const { judgement, input } = await world.judged();

  expect(judgement.shadow).toEqual([
    { rule: 'tried out', message: expect.stringContaining('denied instead of allowed'), source: expect.anything() },
  ]);
  expect(world.heard).toEqual([{ operation: input.request.body.id, findings: judgement.shadow }]);
  expect(judgement.basis).toMatchObject({
    request: { service: 'checkout', environment: 'production' },
    world: { requester: 'member', plan: { steps: expect.any(Number) } },
    cut: [],
  });
  expect(verdictBody(judgement)).toMatchObject({ shadow: [{ rule: 'tried out' }], basis: judgement.basis });
});

test('a request that no bot signed is refused for good', async () => {
  const request = { ...relay('request', aRequest(), relayKey), signature: 'ab'.repeat(32) };

  await expect(world.decisions.admit({ request, asker })).rejects.toMatchObject({
    type: 'NotRelayed',
    nonRetryable: true,
  });
});

test('a request that was kept too long is not started late', async () => {
  const request = aRequest({ notAfter: new Date(Date.now() - 1_000).toISOString() });

  await expect(world.decisions.admit({ request: relay('request', request, relayKey), asker })).resolves.toMatchObject({
    kind: 'denied',
    reasons: [expect.stringContaining('ask again')],
  });
});

test.each(['guest', 'stranger', 'deactivated', 'bot', 'unknown'] as const)(
  'a %s may not ask for a deploy',
  async (standing) => {
    const request = relay('request', aRequest(), relayKey);

    await expect(world.decisions.admit({ request, asker: { standing, groups: [] } })).resolves.toMatchObject({
      kind: 'denied',
    });
  },
);

test('a rollback knows its target: the version before, and in mid-change the one that ran', async () => {
  await world.change({ kind: 'succeeded', version: 'v2.4.0' }, 'op-2');
  const rollback = aRequest({ kind: 'rollback', version: undefined, id: `rollback-checkout-${Date.now()}` });
  expect((await world.judged(rollback)).input.admission.version).toBe('v2.3.0');

  await world.change({ kind: 'started', version: 'v2.5.0' }, 'op-3');

  expect((await world.judged(rollback)).input.admission.version).toBe('v2.4.0');
});

test('a rollback that comes after the undo has nothing left to do and says so', async () => {
  await world.change({ kind: 'started', version: 'v2.5.0' }, 'op-3');
  const before = await world.judged(
    aRequest({ kind: 'rollback', version: undefined, id: `rollback-checkout-${Date.now()}` }),
  );
  await world.change({ kind: 'rolled_back', from: 'v2.5.0', to: 'v2.3.0' }, 'op-3');

  await expect(world.recheck(before)).resolves.toMatchObject({
    kind: 'go',
    alreadyTrue: expect.stringContaining('v2.3.0'),
  });
});

test('a rollback is admitted while the newest policy cannot be read; a deploy to a strict place is not', async () => {
  await world.change({ kind: 'succeeded', version: 'v2.4.0' }, 'op-2');
  await world.judged();
  await world.policy.commit({ 'policy.yaml': 'version: [\n' });

  await expect(
    world.judged(aRequest({ kind: 'rollback', version: undefined, id: 'rollback-x' })),
  ).resolves.toBeDefined();
  await expect(world.judged()).rejects.toThrow('strict');
});

test('what waits for a strict place waits on while the policy repository is away; break-glass does not', async () => {
  const deploy = await world.judged();
  const breakGlass = await world.judged(aRequest({ labels: ['break_glass'], reason: 'the shop is down' }), {
    standing: 'member',
    groups: ['S0ONCALL'],
  });
  renameSync(world.policy.path, `${world.policy.path}-away`);

  const waits = await world.decisions.askGates({ ...deploy.input, judgement: deploy.judgement });
  const goesOn = await world.decisions.askGates({ ...breakGlass.input, judgement: breakGlass.judgement });

  expect(waits.gates).toMatchObject([{ kind: 'prerequisite', holds: false }]);
  expect(goesOn.gates.filter(({ holds }) => !holds)).toEqual([]);
});

test.each(['refuse', 'use_last'] as const)(
  'while the policy repository is away, a strict place that says %s does just that',
  async (choice) => {
    const text = examplePolicy(7400)['policy.yaml']!;
    const chosen = text.replaceAll('    strict: true\n', `    strict: true\n    when_unreachable: ${choice}\n`);
    await world.policy.commit({ 'policy.yaml': chosen });
    const deploy = await world.judged();
    renameSync(world.policy.path, `${world.policy.path}-away`);

    const { gates } = await world.decisions.askGates({ ...deploy.input, judgement: deploy.judgement });
    const isHeld = gates.some(({ holds, message }) => !holds && message.includes('answers again'));
    expect(isHeld).toBe(choice === 'refuse');
    if (choice === 'refuse')
      await expect(world.judged()).rejects.toThrow('nobody can say whether its policy still holds');
    else await expect(world.judged()).resolves.toBeDefined();
  },
);
