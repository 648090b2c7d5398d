import { verdictBody } from '../../workflows/operation/verdict-body';
import { mkdtempSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBlobStore } from '../../activities/adapters/blob-store';
import { openLedger, type Ledger } from '../../activities/adapters/ledger';
import { openPolicyRepository } from '../../activities/adapters/policy-repository';
import type { CodeSource } from '../../activities/worker/code-source';
import { createDecisionActivities, type DecisionDeps } from '../../activities/worker/decisions';
import { createPolicySource } from '../../activities/worker/policy-source';
import { createFolderPacker } from '../../activities/worker/tool-folders';
import type { Vote } from '../../src/approvals/ballot';
import type { AppliedChange } from '../../src/ledger/record';
import type { Asker, KnownPerson } from '../../src/operation/asker';
import type { JudgeInput, Judgement, Recheck } from '../../src/operation/judgement';
import { relay } from '../../src/operation/relay';
import type { OperationRequest, Relayed } from '../../src/operation/request';
import { codeSourceIn } from '../helpers/code-source';
import type { OpenReview } from '../../src/operation/review';
import { examplePolicy } from '../helpers/company';
import { makeRepository, type TestRepository } from '../helpers/git-repository';
import { aRequest, testTimings } from '../helpers/operation-world';

const relayKey = 'a-relay-key-for-tests-of-32-characters';
const asker = { standing: 'member', groups: [] } as const;

const heard: unknown[] = [];
let policy: TestRepository;
let records: TestRepository;
let ledger: Ledger;
let code: CodeSource;
let decisions: ReturnType<typeof createDecisionActivities>;

let held: DecisionDeps['heldBack'];

/** What a break-glass by these accounts still owes. */
const askedOf: (readonly string[])[] = [];
let owed: () => Promise<readonly OpenReview[]>;

beforeEach(async () => {
  owed = async () => [];
  held = async () => ({});
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-decisions-'));
  // The rules change under way, so the example's own tests of them would keep the changes from binding.
  const ownTests = { 'policy_tests/production.yaml': null };
  policy = await makeRepository({ files: { ...examplePolicy(7400), ...decidedAtOnce(), ...ownTests } });
  records = await makeRepository({ files: {} });
  ledger = await openLedger({
    url: records.url,
    ref: 'refs/heads/ledger',
    dataDir: join(folder, 'ledger'),
    now: () => new Date(),
  });
  code = codeSourceIn(folder);
  const mirror = openPolicyRepository({
    url: policy.url,
    ref: 'main',
    dataDir: join(folder, 'policy'),
    now: () => Date.now(),
  });
  const blobs = await openBlobStore({ location: join(folder, 'blobs'), key: 'ab'.repeat(32) });
  decisions = createDecisionActivities({
    onShadow: (about) => void heard.push(about),
    policy: createPolicySource({ mirror, freshMs: 0, now: () => Date.now() }),
    ledger,
    code,
    blobs,
    folders: createFolderPacker({ mirror, blobs }),
    openReviews: (accounts) => {
      askedOf.push(accounts);
      return owed();
    },
    heldBack: (about) => held(about),
    relayKey,
    workflowTypeOf: async () => undefined,
    timings: { ...testTimings, lastDeliveryMs: 4_711 },
    now: () => new Date(),
  });
  await change({ kind: 'succeeded', version: 'v2.3.0' }, 'op-1');
});

/** The stages of the example company without their look at the registry, which comes between both verdicts. */
function decidedAtOnce(): { readonly [path: string]: string } {
  const path = 'runbooks/set-fleet-share.yaml';
  return { [path]: examplePolicy(7400)[path]!.replace(/resolve:[^]*?(?=\nsteps:)/, '') };
}

let index = 0;
async function change(
  what: { kind: 'started' | 'succeeded'; version: string } | { kind: 'rolled_back'; from?: string; to: string },
  operation: string,
): Promise<void> {
  const at = new Date(Date.now() + (index += 1)).toISOString();
  const state = { ...what, service: 'checkout', environment: 'production', operation, at } as AppliedChange;
  await ledger.append([{ operationId: operation, event: 'outcome', index, at, day: at.slice(0, 10), body: {}, state }]);
}

async function judged(request: OperationRequest = aRequest(), by: Asker = asker) {
  const signed = relay('request', request, relayKey);
  const admission = await decisions.admit({ request: signed, asker: by });
  if (admission.kind === 'denied') throw new Error(admission.reasons.join('\n'));
  const input: JudgeInput = { request: signed, asker: by, admission, resolved: {} };
  const judgement = await decisions.judge(input);
  if (judgement.kind === 'denied') throw new Error(judgement.reasons.join('\n'));
  return { input, judgement };
}

const recheck = (from: { input: JudgeInput; judgement: Extract<Judgement, { kind: 'allowed' }> }): Promise<Recheck> =>
  decisions.recheck({ ...from.input, judgement: from.judgement, votes: [], fallenVotes: [] });

test('both verdicts come in one answer, and each is what it is alone', async () => {
  const request = relay('request', aRequest(), relayKey);
  const decision = await decisions.decide({ request, asker });
  if (decision.kind !== 'decided') throw new Error(decision.kind);
  const { admission, judgement } = decision;

  expect(admission).toEqual(await decisions.admit({ request, asker }));
  expect(admission.kind === 'admitted' && judgement).toEqual(
    await decisions.judge({ request, asker, admission: admission as JudgeInput['admission'], resolved: {} }),
  );
});

test('what has to be looked up first has no second verdict yet', async () => {
  await policy.commit({ 'runbooks/set-fleet-share.yaml': examplePolicy(7400)['runbooks/set-fleet-share.yaml']! });
  const request = relay('request', aRequest(), relayKey);

  const decision = await decisions.decide({ request, asker });

  expect(decision).toMatchObject({ admission: { kind: 'admitted', resolve: { steps: [{ path: 'release' }] } } });
  expect(decision).not.toHaveProperty('judgement');
});

test('a denial has no second verdict', async () => {
  const request = relay('request', aRequest({ environment: 'mars' }), relayKey);

  await expect(decisions.decide({ request, asker })).resolves.toEqual({
    kind: 'decided',
    asker,
    admission: expect.objectContaining({ kind: 'denied' }),
  });
});

test('what did not come through the relay is not decided on, on the spot neither', async () => {
  const request = relay('request', aRequest(), 'another-key-of-at-least-32-characters');

  await expect(decisions.decide({ request, asker })).rejects.toMatchObject({ type: 'NotRelayed', nonRetryable: true });
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
    decisions.decide({ request: relay('request', request, relayKey), known });

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
      url: records.url,
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
    await ledger.fetch();

    await expect(judged(request)).rejects.toThrow('carried out before');
  });

  test('is denied before the first side effect, although its admission did not ask the remote again', async () => {
    await judged();
    const request = aRequest();
    await begunElsewhere(request.id);
    const again = await judged(request);

    await expect(recheck(again)).resolves.toMatchObject({
      kind: 'denied',
      reasons: [expect.stringContaining('carried out before')],
    });
  });
});

test('nothing moved: go, and undo goes back to what runs now', async () => {
  const before = await judged();
  await change({ kind: 'succeeded', version: 'v2.3.5' }, 'op-2');

  await expect(recheck(before)).resolves.toEqual({
    kind: 'go',
    previousVersion: 'v2.3.5',
    nextFreezeAtMs: expect.any(Number) as number,
  });
});

test('a newer policy commit that changes nothing here does not void the votes', async () => {
  const before = await judged();
  await policy.commit({ 'configs/services/other.yaml': 'service: { name: other, owner: team_lead }\n' });

  await expect(recheck(before)).resolves.toMatchObject({ kind: 'go' });
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
  const before = await judged();
  const text = await policy.read(file);
  expect(text).toContain(from);
  await policy.commit({ [file]: text.replace(from, to) });

  const answer = await recheck(before);

  expect(answer).toMatchObject({ kind: 'changed', because: expect.stringContaining('vote anew') });
  if (answer.kind !== 'changed' || answer.judgement.kind !== 'allowed') throw new Error('no judgement');
  expect(answer.judgement.ballots[0]?.digest).not.toBe(before.judgement.ballots[0]?.digest);
});

test('while it waits, a newer policy that asks for more is found when the gates are asked; one that asks for less is not', async () => {
  const before = await judged();
  const ask = () => decisions.askGates({ ...before.input, judgement: before.judgement });
  const text = await policy.read('policy.yaml');
  const rule = 'require: [security_team, team_lead]\n';
  expect(text).toContain(rule);

  await policy.commit({ 'policy.yaml': text.replace(rule, 'require: [team_lead]\n') });
  await expect(ask()).resolves.not.toHaveProperty('moved');

  await policy.commit({ 'policy.yaml': text.replace(rule, 'require: [team_lead, director]\n') });
  const { moved } = await ask();
  expect(moved).toMatchObject({ kind: 'changed', because: expect.stringContaining('Who has to approve') });
  if (moved?.kind !== 'changed') throw new Error('not changed');
  expect(moved.judgement.ballots[0]?.seats.map(({ team }) => team)).toEqual(['team_lead', 'director', 'security_team']);
});

test('a freeze that began while people voted denies or waits as policy says', async () => {
  const before = await judged();
  const text = await policy.read('policy.yaml');
  const freeze = '  - { name: sudden, from: 2020-01-01, to: 2099-01-01, environments: [production], effect: deny }\n';
  await policy.commit({ 'policy.yaml': text.replace('freezes:\n', `freezes:\n${freeze}`) });

  await expect(recheck(before)).resolves.toMatchObject({
    kind: 'denied',
    reasons: [expect.stringContaining('sudden')],
  });
});

test('what a shadow rule would have changed goes into the judgement and is told, and the basis is recorded', async () => {
  const text = await policy.read('policy.yaml');
  const freeze =
    '  - { name: tried out, mode: shadow, from: 2020-01-01, to: 2099-01-01, environments: [production], effect: deny }\n';
  await policy.commit({ 'policy.yaml': text.replace('freezes:\n', `freezes:\n${freeze}`) });
  heard.length = 0;

  const { judgement, input } = await judged();

  expect(judgement.shadow).toEqual([
    { rule: 'tried out', message: expect.stringContaining('denied instead of allowed'), source: expect.anything() },
  ]);
  expect(heard).toEqual([{ operation: input.request.body.id, findings: judgement.shadow }]);
  expect(judgement.basis).toMatchObject({
    request: { service: 'checkout', environment: 'production' },
    world: { requester: 'member', plan: { steps: expect.any(Number) } },
    cut: [],
  });
  expect(verdictBody(judgement)).toMatchObject({ shadow: [{ rule: 'tried out' }], basis: judgement.basis });
});

test('a request that no bot signed is refused for good', async () => {
  const request = { ...relay('request', aRequest(), relayKey), signature: 'ab'.repeat(32) };

  await expect(decisions.admit({ request, asker })).rejects.toMatchObject({ type: 'NotRelayed', nonRetryable: true });
});

test('a request that was kept too long is not started late', async () => {
  const request = aRequest({ notAfter: new Date(Date.now() - 1_000).toISOString() });

  await expect(decisions.admit({ request: relay('request', request, relayKey), asker })).resolves.toMatchObject({
    kind: 'denied',
    reasons: [expect.stringContaining('ask again')],
  });
});

test.each(['guest', 'stranger', 'deactivated', 'bot', 'unknown'] as const)(
  'a %s may not ask for a deploy',
  async (standing) => {
    const request = relay('request', aRequest(), relayKey);

    await expect(decisions.admit({ request, asker: { standing, groups: [] } })).resolves.toMatchObject({
      kind: 'denied',
    });
  },
);

test('a rollback knows its target: the version before, and in mid-change the one that ran', async () => {
  await change({ kind: 'succeeded', version: 'v2.4.0' }, 'op-2');
  const rollback = aRequest({ kind: 'rollback', version: undefined, id: `rollback-checkout-${Date.now()}` });
  expect((await judged(rollback)).input.admission.version).toBe('v2.3.0');

  await change({ kind: 'started', version: 'v2.5.0' }, 'op-3');

  expect((await judged(rollback)).input.admission.version).toBe('v2.4.0');
});

test('a rollback that comes after the undo has nothing left to do and says so', async () => {
  await change({ kind: 'started', version: 'v2.5.0' }, 'op-3');
  const before = await judged(
    aRequest({ kind: 'rollback', version: undefined, id: `rollback-checkout-${Date.now()}` }),
  );
  await change({ kind: 'rolled_back', from: 'v2.5.0', to: 'v2.3.0' }, 'op-3');

  await expect(recheck(before)).resolves.toMatchObject({ kind: 'go', alreadyTrue: expect.stringContaining('v2.3.0') });
});

test('a rollback is admitted while the newest policy cannot be read; a deploy to a strict place is not', async () => {
  await change({ kind: 'succeeded', version: 'v2.4.0' }, 'op-2');
  await judged();
  await policy.commit({ 'policy.yaml': 'version: [\n' });

  await expect(judged(aRequest({ kind: 'rollback', version: undefined, id: 'rollback-x' }))).resolves.toBeDefined();
  await expect(judged()).rejects.toThrow('strict');
});

test('what waits for a strict place waits on while the policy repository is away; break-glass does not', async () => {
  const deploy = await judged();
  const breakGlass = await judged(aRequest({ labels: ['break_glass'], reason: 'the shop is down' }), {
    standing: 'member',
    groups: ['S0ONCALL'],
  });
  renameSync(policy.path, `${policy.path}-away`);

  const waits = await decisions.askGates({ ...deploy.input, judgement: deploy.judgement });
  const goesOn = await decisions.askGates({ ...breakGlass.input, judgement: breakGlass.judgement });

  expect(waits.gates).toMatchObject([{ kind: 'prerequisite', holds: false }]);
  expect(goesOn.gates.filter(({ holds }) => !holds)).toEqual([]);
});

test.each(['refuse', 'use_last'] as const)(
  'while the policy repository is away, a strict place that says %s does just that',
  async (choice) => {
    const text = examplePolicy(7400)['policy.yaml']!;
    const chosen = text.replaceAll('    strict: true\n', `    strict: true\n    when_unreachable: ${choice}\n`);
    await policy.commit({ 'policy.yaml': chosen });
    const deploy = await judged();
    renameSync(policy.path, `${policy.path}-away`);

    const { gates } = await decisions.askGates({ ...deploy.input, judgement: deploy.judgement });
    const isHeld = gates.some(({ holds, message }) => !holds && message.includes('answers again'));
    expect(isHeld).toBe(choice === 'refuse');
    if (choice === 'refuse') await expect(judged()).rejects.toThrow('nobody can say whether its policy still holds');
    else await expect(judged()).resolves.toBeDefined();
  },
);

describe('break-glass', () => {
  const oncall: Asker = { standing: 'member', groups: ['S0ONCALL'] };
  const glass = () => aRequest({ labels: ['break_glass'], reason: 'the shop is down' });
  const review: OpenReview = {
    operation: 'deploy-checkout-production-before',
    title: 'Deploy checkout v2.3.0 to production',
    by: 'U0ANA',
    reviewBy: ['director'],
    openedAt: '2026-11-20T10:00:00.000Z',
    dueAt: '2026-11-21T10:00:00.000Z',
  };

  test('owes a review by somebody else of those whom policy names, in the watch channel', async () => {
    const { judgement } = await judged(glass(), oncall);

    expect(judgement.review).toMatchObject({
      reviewBy: ['director'],
      channels: ['#watch', '#policy', '#deploys-prod'],
      withinMs: 86_400_000,
      ballot: { purpose: 'review', teams: { director: { users: ['U0DAN'] } } },
    });
    expect(judgement.review?.ballot.excluded).toContainEqual({ id: 'U0ANA', because: 'requester' });
    expect((await judged()).judgement.review).toBeUndefined();
  });

  test('is refused while the same person’s last one has not been looked at, before the first change too', async () => {
    const before = await judged(glass(), oncall);
    owed = async () => [review];

    await expect(judged(glass(), oncall)).rejects.toThrow('nobody has looked at deploy-checkout-production-before');
    await expect(recheck(before)).resolves.toMatchObject({
      kind: 'denied',
      reasons: [expect.stringContaining('have director close its review')],
    });
  });

  test('its own review stands not in its way', async () => {
    const before = await judged(glass(), oncall);
    owed = async () => [{ ...review, operation: before.input.request.body.id }];

    await expect(recheck(before)).resolves.toMatchObject({ kind: 'go' });
  });

  test('goes on when nobody can say what is owed, and the record has it', async () => {
    owed = () => Promise.reject(new Error('Temporal is away'));

    const { judgement } = await judged(glass(), oncall);

    expect(judgement.evidence).toMatchObject({ break_glass: { openReviews: 'unknown' } });
  });

  test('is all that is asked about: other work owes nothing', async () => {
    askedOf.length = 0;
    owed = async () => [review];

    await expect(judged()).resolves.toBeDefined();
    expect(askedOf).toEqual([]);
  });
});

describe('a soft rule', () => {
  const day = (after: number): string => new Date(Date.now() + after * 86_400_000).toISOString().slice(0, 10);
  const soft = (message: string) =>
    examplePolicy(7400)['policy.yaml']!.replace(
      /^freezes:\n/m,
      `overrides: { who: [director, team_lead] }\nrules: [{ name: mind, when: 'change.service == "checkout"', level: soft, message: "${message}" }]\nfreezes:\n  - { name: quiet, from: ${day(-2)}, to: ${day(2)}, level: soft }\n`,
    );
  const by = (ballotId: string): Vote => ({
    ballotId,
    by: 'U0DAN',
    person: 'U0DAN',
    decision: 'approve',
    reason: 'it may',
    actionId: '1',
    at: new Date().toISOString(),
    teams: ['director or team_lead'],
  });

  test('opens a ballot of its own, bound to the plan and to what it says, and is no part of what approvers agreed to', async () => {
    const request = aRequest();
    const before = await judged(request);
    await policy.commit({ 'policy.yaml': soft('Mind the gap.') });
    const { judgement } = await judged(request);

    expect(judgement.decisionDigest).toBe(before.judgement.decisionDigest);
    expect(judgement.overrides).toMatchObject([
      { purpose: 'override', rule: 'mind', seats: [{ team: 'director or team_lead' }], timeoutMs: 86_400_000 },
      { purpose: 'override', rule: 'quiet' },
    ]);
    expect(judgement.overrides![0]!.teams).toEqual({
      'director or team_lead': { groups: [], users: ['U0DAN', 'U0LEE', 'U0KIM'] },
    });
    expect(judgement.overrides![0]!.excluded).toContainEqual({ id: 'U0ANA', because: 'requester' });
    await policy.commit({ 'policy.yaml': soft('Mind the train.') });
    const other = await judged(request);
    expect(other.judgement.overrides![0]!.id).not.toBe(judgement.overrides![0]!.id);
    expect(other.judgement.overrides![1]!.rule).toBe('quiet');
  });

  test('is asked about with the plan, so its ballots stay the same while it waits', async () => {
    await policy.commit({ 'policy.yaml': soft('Mind the gap.') });
    const { input, judgement } = await judged(aRequest());

    const answer = await decisions.askGates({ ...input, judgement });

    expect(answer.overrides?.map(({ id }) => id)).toEqual(judgement.overrides?.map(({ id }) => id));
    expect(answer.gates.filter(({ kind }) => kind === 'override').map(({ ballot }) => ballot)).toEqual(
      judgement.overrides?.map(({ id }) => id),
    );
  });

  test('holds the first change back until each of its ballots is filled by somebody who still may', async () => {
    await policy.commit({ 'policy.yaml': soft('Mind the gap.') });
    const { input, judgement } = await judged();
    const [mind, quiet] = judgement.overrides!.map(({ id }) => id);
    const ask = (votes: readonly Vote[], fallen: readonly string[] = []) =>
      decisions.recheck({
        ...input,
        judgement,
        votes,
        fallenVotes: fallen.map((who) => ({ by: who, code: 'not_in_team' as const })),
      });

    await expect(ask([])).resolves.toMatchObject({
      kind: 'gates_closed',
      answer: { overrides: [{ id: mind }, { id: quiet }] },
    });
    await expect(ask([by(mind!)])).resolves.toMatchObject({ kind: 'gates_closed' });
    await expect(ask([by(mind!), by('o-other')])).resolves.toMatchObject({ kind: 'gates_closed' });
    await expect(ask([by(mind!), by(quiet!)], ['U0DAN'])).resolves.toMatchObject({ kind: 'gates_closed' });
    await expect(ask([by(mind!), by(quiet!)])).resolves.toMatchObject({ kind: 'go' });
  });
});

describe('the way back of a deploy', () => {
  const wayBack = async (version: string) => {
    const { input, judgement } = await judged(aRequest({ version }));
    return { runs: input.admission.previousVersion, ...judgement.rollback };
  };

  test('is the version that runs', async () => {
    await change({ kind: 'succeeded', version: 'v2.4.0' }, 'op-2');
    await change({ kind: 'rolled_back', from: 'v2.4.0', to: 'v2.3.0' }, 'op-3');

    await expect(wayBack('v2.5.0')).resolves.toEqual({ runs: 'v2.3.0', ready: true, version: 'v2.3.0' });
  });

  test('is the last good one before when the version that runs is deployed again', async () => {
    await change({ kind: 'succeeded', version: 'v2.4.0' }, 'op-2');

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
  const admit = (request: OperationRequest) => decisions.admit({ request: relay('request', request, relayKey), asker });

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
    await policy.commit({ 'runbooks/restart.yaml': `name: restart\n${where}\n${steps}\n` });

    const request = asked('restart', { service: 'payments', environment: 'production-eu' });
    const { input, judgement } = await judged(request);

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
    await policy.commit({ 'runbooks/look.yaml': `name: look\n${inputs}\n${steps}\n` });

    const { input, judgement } = await judged(asked('look', { count: 2 }));

    expect(input.admission.title).toBe('Run look (count=2)');
    expect(judgement.inputs).toEqual({ count: '2', previous_version: 'whatever runs here when it begins' });
  });

  test('has a title that fits in a line', async () => {
    await policy.commit({
      'runbooks/note.yaml':
        'name: note\ninputs: { text: { type: string } }\nsteps: [{ uses: wait, with: { for: 1s } }]\n',
    });

    const { input } = await judged(asked('note', { text: 'x'.repeat(900) }));

    expect(input.admission.title).toHaveLength(160);
    expect(input.admission.title).toMatch(/…$/);
  });
});

test('an approval for another workflow gets its ballot from policy and its waits from the settings', async () => {
  const ask = { title: 'Delete the bucket', about: 'It is empty.', from: ['team_lead'] };

  const answer = await decisions.judgeApproval({ ask, caller: { workflowId: 'w1' } });

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
    held = async (about) => (asked.push(about), {});
    const before = await judged();
    expect(asked).toEqual([{ service: 'checkout' }, { service: 'checkout' }]);

    held = async () => ({ locks: [lock] });
    await expect(recheck(before)).resolves.toMatchObject({ kind: 'gates_closed' });
    const answer = await decisions.askGates({ ...before.input, judgement: before.judgement });
    expect(gatesThat(answer.gates).join()).toContain('has locked this');
  });

  test('holds work back while nobody can say, and a rollback does not even ask', async () => {
    held = async () => {
      throw new Error('Temporal is away');
    };
    const { judgement } = await judged();
    expect(gatesThat(judgement.gates).join()).toContain('Nobody can say whether a lock');

    const back = { kind: 'rollback', version: 'v2.3.0' } as const;
    await change({ kind: 'succeeded', version: 'v2.4.0' }, 'op-2');
    const { judgement: rollback } = await judged(aRequest(back));
    expect(rollback.gates).toEqual([]);
  });
});

test('the folder that a step works with is a part of what people approve, and has to be there', async () => {
  const path = 'runbooks/set-fleet-share.yaml';
  const before = decidedAtOnce()[path]!;
  const tool =
    '  - { id: tool, name: Use the tool, uses: program, with: { program: tool, folder: ops/tool }, undo: none }\n';
  const withTool = `${before.trimEnd()}\n${tool}`;
  await policy.commit({ [path]: withTool });
  await expect(judged()).rejects.toThrow(/The folder ops\/tool of the policy repository does not exist at/);
  await policy.commit({ 'ops/tool/run.sh': 'one\n' });
  const first = await judged();
  await policy.commit({ 'README.md': 'another word\n' });
  expect((await recheck(first)).kind).toBe('go');
  await policy.commit({ 'ops/tool/run.sh': 'two\n' });
  expect((await recheck(first)).kind).not.toBe('go');
  await policy.commit({ [path]: before, 'ops/tool/run.sh': null });
});
