import type { Ledger } from '../../activities/adapters/ledger';
import { approvedPolicy } from '../../activities/worker/approved-policy';
import type { PolicySource } from '../../activities/worker/policy-source';
import { createPolicyWatch } from '../../activities/worker/policy-watch';
import { createRecordActivities } from '../../activities/worker/records';
import { createTriggerActivities } from '../../activities/worker/triggers';
import { POLICY_WATCH_ID, VOTE_UPDATE, WORKER_QUEUE } from '../../workflows/contract';
import { relay } from '../../src/operation/relay';
import type { OperationView } from '../../src/operation/view';
import type { TestRepository } from '../helpers/git-repository';
import { openWorld, testTimings, type World } from '../helpers/operation-world';
import { openPolicyParts, relayKey, type PolicyParts } from '../helpers/policy-parts';

jest.setTimeout(180_000);

let parts: PolicyParts;
let remote: TestRepository;
let ledger: Ledger;
let source: PolicySource;
let world: World;
let first: string;

const policy = (change = ''): { readonly [path: string]: string } => ({
  'policy.yaml': `version: 1
policy_changes: gated
channels: { default: "#deploys", policy: "#policy" }
teams: { team_lead: { users: [U0LEE, U0KIM] } }
environments: { staging: {} }
approvals:
  - { name: changes of the rules, when: 'change.kind == "policy"', require: [team_lead] }
${change}`,
});
/** Kim is an author by a name that Git knows. */
const people = { 'people.yaml': 'people: { U0KIM: { git: [Kim], email: kim@company.example } }\n' };

beforeAll(async () => {
  parts = await openPolicyParts({ ...policy(), ...people });
  ({ remote, ledger, policy: source } = parts);
  first = (await remote.git(['rev-parse', 'main'])).trim();
  const now = (): Date => new Date();
  world = await openWorld(undefined, (client) => ({
    ...parts.decisions(),
    ...createRecordActivities({ ledger }),
    ...createTriggerActivities({
      policy: source,
      client,
      keepBody: async () => 'd',
      code: parts.code,
      policyUrl: remote.url,
      relayKey,
      timings: testTimings,
      now,
    }),
    ...createPolicyWatch({
      policy: source,
      pollMs: 200,
      patienceMs: 60_000,
      client,
      ledger,
      relayKey,
      timings: testTimings,
      now,
    }),
  }));
  world.voter = (by) => (by === 'U0LEE' || by === 'U0KIM' ? ['team_lead'] : 'not_in_team');
  await world.temporal.client.workflow.start('policyWatch', {
    workflowId: POLICY_WATCH_ID,
    taskQueue: WORKER_QUEUE,
    args: [{ timings: testTimings }],
  });
});
afterAll(async () => {
  await world?.close();
  await parts?.close();
});

async function until<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (const deadline = Date.now() + 60_000; ;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`${what} did not come: ${JSON.stringify(said())}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const said = (): readonly string[] =>
  world.notices.flatMap(({ to, notice }) =>
    notice.kind === 'plain' && to.kind === 'channel' && to.channel === '#policy' ? [notice.text] : [],
  );
const untilSaid = (text: RegExp): Promise<string> =>
  until(String(text), () => said().find((sentence) => text.test(sentence)));

const short = (commit: string): string => commit.slice(0, 10);

/** The operation that asks about a commit, as its card shows it. */
async function proposal(commit: string): Promise<{ readonly id: string; readonly view: OperationView }> {
  return until(`a card about ${short(commit)}`, () => {
    const card = world.cards.findLast(
      (delivery) =>
        delivery.card === 'operation' && delivery.view.kind === 'policy' && delivery.view.version === commit,
    );
    if (card?.card !== 'operation' || card.view.ballots.length === 0) return undefined;
    return { id: card.view.id, view: card.view };
  });
}

function vote({ id, view }: Awaited<ReturnType<typeof proposal>>, by: string): Promise<unknown> {
  const [ballot] = view.ballots;
  const body = {
    format: 1,
    operationId: id,
    ballotId: ballot!.id,
    ballotDigest: ballot!.digest,
    by,
    decision: 'approve',
    actionId: `${Date.now()}.1`,
    at: new Date().toISOString(),
  } as const;
  const handle = world.temporal.client.workflow.getHandle(id);
  return handle.executeUpdate(VOTE_UPDATE, { args: [relay('vote', body, relayKey)] });
}

test('a change of the rules is asked about on a card in the policy channel, binds once approved, and not by its author', async () => {
  await until('the beginning on record', async () => ((await approvedPolicy(ledger)) === first ? true : undefined));
  const commit = await remote.commit(policy('# looser\n'), 'Loosen the rules', {
    author: { name: 'Kim', email: 'kim@company.example' },
  });
  await untilSaid(new RegExp(`${short(commit)} changes what only people may change`));
  const asked = await proposal(commit);

  expect(asked.view).toMatchObject({
    title: `Change the policy to ${short(commit)}`,
    inputs: { changes: 'policy.yaml', by: 'Kim (kim@company.example)' },
    ballots: [{ seats: [{ team: 'team_lead' }] }],
  });
  expect(world.cards.find(({ slot }) => slot === `${asked.id}/card`)).toMatchObject({ channel: '#policy' });
  expect(await source.current()).toMatchObject({ commit: first, proposed: commit });

  await expect(vote(asked, 'U0KIM')).rejects.toThrow('Workflow Update failed');
  await vote(asked, 'U0LEE');
  await expect(world.temporal.client.workflow.getHandle(asked.id).result()).resolves.toMatchObject({
    kind: 'succeeded',
  });
  await untilSaid(new RegExp(`The policy at ${short(commit)} is in force now`));
  expect(await source.current()).toMatchObject({ commit });
});

test('a change by somebody whom nobody knows asks for one more', async () => {
  const commit = await remote.commit(policy('# by a stranger\n'), 'Change', {
    author: { name: 'Somebody', email: 'somebody@elsewhere.example' },
  });
  const { view } = await proposal(commit);
  expect(view.ballots[0]?.seats.map(({ team }) => team)).toEqual(['team_lead', 'team_lead']);
  expect(view.why.map(({ message }) => message).join(' ')).toContain('Nobody knows who Somebody');
});

test('a newer commit takes the question over, and the old card says so', async () => {
  const older = await remote.commit(policy('# older\n'));
  const asked = await proposal(older);
  const newer = await remote.commit(policy('# newer\n'));
  await proposal(newer);
  await expect(world.temporal.client.workflow.getHandle(asked.id).result()).resolves.toMatchObject({
    kind: 'denied',
    sentence: expect.stringContaining(`moved on to ${short(newer)}`),
  });
});

test('a commit that cannot be used is told once, with the reason and what stays in force', async () => {
  const { commit } = await source.current();
  const broken = await remote.commit({ 'policy.yaml': 'version: 1\nenvironment: {}\n' });
  const sentence = await untilSaid(new RegExp(`The policy commit ${short(broken)} does not bind`));
  expect(sentence).toContain('"environments" is missing');
  expect(sentence).toContain(`Commit ${short(commit)} stays in force`);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(said().filter((each) => each.includes(short(broken)))).toHaveLength(1);
});
