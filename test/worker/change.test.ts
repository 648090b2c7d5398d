import { mkdtempSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBlobStore } from '../../activities/adapters/blob-store';
import { openLedger, type Ledger } from '../../activities/adapters/ledger';
import { openPolicyRepository } from '../../activities/adapters/policy-repository';
import type { CodeSource } from '../../activities/worker/code-source';
import { createDecisionActivities } from '../../activities/worker/decisions';
import { createInfrastructureSource } from '../../activities/worker/infrastructure-source';
import { createPolicySource } from '../../activities/worker/policy-source';
import { createFolderPacker } from '../../activities/worker/tool-folders';
import type { AppliedChange } from '../../src/ledger/record';
import type { JudgeInput, Judgement } from '../../src/operation/judgement';
import { relay } from '../../src/operation/relay';
import type { OperationRequest } from '../../src/operation/request';
import { codeSourceIn } from '../helpers/code-source';
import { makeRepository, type TestRepository } from '../helpers/git-repository';
import { testTimings } from '../helpers/operation-world';
import { aRequest } from '../helpers/samples';

jest.setTimeout(60_000);

const relayKey = 'a-relay-key-for-tests-of-32-characters';
const asker = { standing: 'member', groups: [] } as const;
const kim = { name: 'Kim Sato', email: 'kim@kestrel.example' };

const files = (url: string) => ({
  'policy.yaml': `version: 1
channels: { default: "#deploys" }
teams: { leads: { users: [U0LEE, U0KIM] }, director: { users: [U0DAN] } }
environments: { production: {} }
unknown_authors: extra_seat
facts:
  declare: { risk: [low, high] }
  rules:
    - { set: { risk: high }, when: 'change.paths.exists(path, path.startsWith("pay/"))' }
approvals:
  - { name: high, when: change.risk == "high", require: [leads, director] }
  - { name: rest, require: [leads] }
handlers: [{ for: deploy, runbook: deliver }]
`,
  'people.yaml': `people: { U0KIM: { name: Kim, email: ${kim.email} }, U0ANA: { name: Ana, git: [ana@kestrel.example] } }\n`,
  'configs/services/shop.yaml': 'service: { name: shop, owner: leads, repository: shop-code }\n',
  'configs/services/bare.yaml': 'service: { name: bare, owner: leads }\n',
  'connections/shop-code.yaml': `connection: { name: shop-code, kind: git, url: "${url}" }\n`,
  'runbooks/deliver.yaml': `name: deliver\ninputs: { version: { type: version } }\nsteps:\n  - { id: rest, name: Rest, uses: wait, with: { for: 1s } }\n`,
});

let shop: TestRepository;
let ledger: Ledger;
let code: CodeSource;
let decisions: ReturnType<typeof createDecisionActivities>;

beforeEach(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-change-'));
  shop = await makeRepository({ files: { 'README.md': 'one\n' } });
  await shop.git(['tag', 'v1', 'main']);
  const policy = await makeRepository({ files: files(shop.url) });
  const records = await makeRepository({ files: {} });
  const now = (): Date => new Date();
  ledger = await openLedger({ url: records.url, ref: 'refs/heads/ledger', dataDir: join(folder, 'ledger'), now });
  code = codeSourceIn(folder);
  const mirror = openPolicyRepository({ url: policy.url, ref: 'main', dataDir: join(folder, 'policy'), now: Date.now });
  const blobs = await openBlobStore({ location: join(folder, 'blobs'), key: 'ab'.repeat(32) });
  decisions = createDecisionActivities({
    policy: createPolicySource({ mirror, freshMs: 0, now: Date.now }),
    declared: createInfrastructureSource({ mirror, ref: 'main' }),
    ledger,
    code,
    blobs,
    folders: createFolderPacker({ mirror, blobs }),
    heldBack: async () => ({}),
    openReviews: async () => [],
    relayKey,
    workflowTypeOf: async () => undefined,
    timings: testTimings,
    now,
  });
  await applied({ version: 'v1' });
});
afterEach(() => code.close());

let index = 0;
async function applied(what: { readonly version: string; readonly commit?: string }): Promise<void> {
  const at = new Date(Date.now() + (index += 1)).toISOString();
  const operation = `op-${index}`;
  const state: AppliedChange = {
    kind: 'succeeded',
    ...what,
    service: 'shop',
    environment: 'production',
    operation,
    at,
  };
  await ledger.append([{ operationId: operation, event: 'outcome', index, at, day: at.slice(0, 10), body: {}, state }]);
}

const request = (change: Partial<OperationRequest> = {}): OperationRequest =>
  aRequest({ service: 'shop', version: 'v2', ...change });

type Allowed = Extract<Judgement, { kind: 'allowed' }>;

async function judged(body = request()): Promise<{ readonly input: JudgeInput; readonly judgement: Allowed }> {
  const signed = relay('request', body, relayKey);
  const admission = await decisions.admit({ request: signed, asker });
  if (admission.kind === 'denied') throw new Error(admission.reasons.join('\n'));
  const input: JudgeInput = { request: signed, asker, admission, resolved: {} };
  const judgement = await decisions.judge(input);
  if (judgement.kind === 'denied') throw new Error(judgement.reasons.join('\n'));
  return { input, judgement };
}
const recheck = ({ input, judgement }: Awaited<ReturnType<typeof judged>>) =>
  decisions.recheck({ ...input, judgement, votes: [], fallenVotes: [] });
const seats = ({ ballots }: Allowed) => ballots.flatMap((ballot) => ballot.seats.map(({ id }) => id));
const away = () => renameSync(shop.path, `${shop.path}.away`);

/** A version by Kim that touches a path. */
async function release(version: string, path = 'src/a.ts'): Promise<string> {
  const commit = await shop.commit({ [path]: `${version}\n` }, 'Work', { author: kim });
  await shop.git(['tag', version, 'main']);
  return commit;
}

test('authors are kept from approving, and the commit is part of the plan', async () => {
  const commit = await release('v2');
  const { judgement } = await judged();

  expect(judgement.change).toMatchObject({ kind: 'known', commit, commits: 1, authors: ['Kim'], filesChanged: 1 });
  expect(judgement.ballots[0]?.excluded).toEqual([
    { id: 'U0ANA', because: 'requester' },
    { id: 'U0KIM', because: 'author' },
  ]);
  expect(seats(judgement)).toEqual(['leads#1']);
});

test.each([
  ['a path that matters', 'pay/card.ts', ['leads#1', 'director#1']],
  ['another path', 'docs/a.md', ['leads#1']],
])('%s decides who has to approve', async (_what, path, wanted) => {
  await release('v2', path);
  expect(seats((await judged()).judgement)).toEqual(wanted);
});

test('an author whom people.yaml does not know asks for one more seat', async () => {
  await shop.commit({ a: '1' }, 'Work', { author: { name: 'Somebody', email: 'x@y.example' } });
  await shop.git(['tag', 'v2', 'main']);
  const { judgement } = await judged();
  expect(seats(judgement)).toEqual(['leads#1', 'leads#2']);
  expect(JSON.stringify(judgement.why)).toContain('Somebody');
});

test('a service without a repository says so, and its facts are at their strictest', async () => {
  const { judgement } = await judged(request({ service: 'bare' }));
  expect(judgement.change).toEqual({
    kind: 'unknown',
    because: 'configs/services/bare.yaml names no repository of its code',
  });
  expect(judgement.facts).toEqual({ risk: 'high' });
});

test('a decision on the spot waits for no host; the activity with patience asks it', async () => {
  await release('v2');
  const signed = relay('request', request(), relayKey);
  const first = await decisions.decide({ request: signed, asker });
  expect(first).toMatchObject({ kind: 'decided', admission: { kind: 'admitted' } });
  expect(first).not.toHaveProperty('judgement');
  await judged();
  const second = await decisions.decide({ request: signed, asker });
  expect(second).toMatchObject({ judgement: { kind: 'allowed', change: { kind: 'known' } } });
});

test('a branch that moved is another plan, and voids the votes', async () => {
  await shop.commit({ 'src/a.ts': '1\n' }, 'Work', { author: kim });
  const before = await judged(request({ version: 'main' }));
  expect(await recheck(before)).toMatchObject({ kind: 'go' });
  const moved = await shop.commit({ 'src/a.ts': '2\n' }, 'More', { author: kim });
  expect(await recheck(before)).toMatchObject({ kind: 'changed', judgement: { change: { commit: moved } } });
});

test('a branch is compared with the commit that was recorded for it', async () => {
  const before = await shop.head();
  await applied({ version: 'main', commit: before });
  await shop.commit({ 'pay/a.ts': '1\n' }, 'Work', { author: kim });
  const { judgement } = await judged(request({ version: 'main' }));
  expect(judgement.change).toMatchObject({ kind: 'known', commits: 1 });
  expect(judgement.facts).toEqual({ risk: 'high' });
});

describe('while the host of the code is away', () => {
  test('nobody knows the authors, and facts are at their strictest', async () => {
    away();
    const { judgement } = await judged();
    expect(judgement.change).toMatchObject({ kind: 'unknown', because: expect.stringContaining('could not be read') });
    expect(judgement.facts).toEqual({ risk: 'high' });
    expect(seats(judgement)).toHaveLength(3);
  });

  test('what was approved waits and says why, and goes on when it answers', async () => {
    await release('v2');
    const before = await judged();
    away();
    const closed = await recheck(before);
    expect(closed).toMatchObject({
      kind: 'gates_closed',
      answer: {
        gates: [{ holds: false, message: expect.stringContaining('until the code repository of shop answers') }],
      },
    });
    renameSync(`${shop.path}.away`, shop.path);
    expect(await recheck(before)).toMatchObject({ kind: 'go' });
  });

  test('a whole commit id goes on, because it cannot mean anything else', async () => {
    await applied({ version: await shop.head() });
    const before = await judged(request({ version: await release('v2') }));
    away();
    expect(await recheck(before)).toMatchObject({ kind: 'go' });
  });

  test('a rollback waits for nothing', async () => {
    await release('v2');
    await applied({ version: 'v2' });
    away();
    const back = await judged(request({ kind: 'rollback', version: 'v1' }));
    expect(await recheck(back)).toMatchObject({ kind: 'go' });
  });
});
