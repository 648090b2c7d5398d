import { whatIf } from '../../bot/what-if';
import type { HeldBack } from '../../src/operation/case';
import { defaultWaits } from '../../bot/deps';
import { readRepository } from '../../src/policy/read-repository';
import { createAsking } from '../../src/main/asking';
import type { InfrastructureCase } from '../../src/infrastructure/declared';
import type { ResourceState } from '../../src/resources/resource';
import { examplePolicy } from '../helpers/company';
import { group, server } from '../helpers/declared-servers';

/** A Tuesday, 11:00 in Berlin. */
const now = new Date('2026-11-24T10:00:00Z');
const files = new Map(Object.entries(examplePolicy(7400)).map(([path, text]) => [path, { text, blob: path }]));
const read = readRepository({ files, commit: 'c0ffee' });
if (!read.ok) throw new Error(JSON.stringify(read.problems));
const { repository } = read;
let held: () => HeldBack = () => ({});
const asking = createAsking({
  policy: { current: async () => ({ repository, commit: 'c0ffee' }) } as never,
  ledger: {
    history: async () => [
      {
        format: 1,
        service: 'checkout',
        environment: 'production',
        current: { version: 'v2', operation: 'b', at: '2026-11-20T10:00:00Z' },
        history: [
          { version: 'v2', operation: 'b', succeededAt: '2026-11-20T10:00:00Z' },
          { version: 'v1', operation: 'a', succeededAt: '2026-11-19T10:00:00Z' },
        ],
      },
    ],
  },
  groupsOf: async () => [],
  heldBack: async () => held(),
  standingOf: async () => 'member',
  now: () => now,
  policyUrl: 'https://git.example/{commit}/{file}#L{line}',
});
let infrastructure: InfrastructureCase;
let resources: readonly ResourceState[] = [];
const deps = {
  whatIf: asking.whatIf,
  now: () => now,
  waits: defaultWaits,
  log: { info: () => undefined } as never,
  resources: async () => resources,
  infrastructure: async () => infrastructure,
};

async function ask(command: string, at?: string, requester = 'U0BOB') {
  const answer = await whatIf(
    deps,
    { kind: 'what-if', command, ...(at === undefined ? {} : { at }) },
    {
      requester: { kind: 'person', id: requester, via: 'slack' },
      deliveryId: 'd1',
      catalogue: await asking.catalogue(),
    },
  );
  if (answer.kind === 'explained') return answer.lines;
  if (answer.kind === 'refused') return [{ sentence: `refused: ${answer.sentence}` }];
  throw new Error(answer.kind);
}

it('the instant that was understood is said first, with a link to each place', async () => {
  const [first, head, ...lines] = await ask('deploy checkout v3 to production', 'friday 18:00');
  expect(first!.sentence).toMatch(
    /^Asked about the deploy of checkout v3 to production at Fri 27 Nov 2026 18:00 \(Europe\/Berlin\), which is 2026-11-27 17:00 UTC; nothing is started\.$/,
  );
  expect(head!.sentence).toMatch(/^Allowed by policy c0ffee, once/);
  const placed = lines.filter(({ place }) => place !== undefined);
  expect(placed.length).toBeGreaterThan(0);
  for (const { place, url } of placed) expect(url).toBe(`https://git.example/c0ffee/${place!.replace(':', '#L')}`);
});

it('flags raise facts as in the command itself', async () => {
  const text = (await ask('deploy checkout v3 to production --risk high')).map(({ sentence }) => sentence).join('\n');
  expect(text).toContain('risk_level is high, because the requester raised it');
});

it('a rollback goes to the version that ran well before, and waits for nobody', async () => {
  const lines = await ask('rollback checkout in production', 'friday 18:00');
  expect(lines.map(({ sentence }) => sentence).join('\n')).toMatch(
    /the rollback of checkout v1 in production.*\nAllowed/,
  );
});

it('what would be refused beside the rules is said too', async () => {
  const lines = await ask('rollback search in production');
  expect(lines[1]!.sentence).toBe('This would be refused.');
  expect(lines[2]!.sentence).toMatch(/^There is nothing to roll search back to/);
});

it.each([
  ['a typing error in the command', 'deplyo checkout v3 to production', undefined, /Did you mean: \/deploy/],
  ['an unknown service', 'deploy chekout v3 to production', undefined, /no service "chekout"/],
  ['a command that policy does not decide about', 'signalbox status', undefined, /only decides about deploy/],
  ['an instant that nobody understands', 'deploy checkout v3 to production', 'banana', /"banana" is not an instant/],
  ['a value that has no place', 'runbook run web a b c d e f g h i', undefined, /more values than inputs/],
])('%s is answered with a sentence', async (_, command, at, words) => {
  expect((await ask(command, at))[0]!.sentence).toMatch(words);
});

describe('what would be taken away or made as declared', () => {
  const made = (name: string, more: Partial<ResourceState> = {}) =>
    server(name, { inputs: { name }, outputs: { batch: 'b1' }, ...more });
  const text = async (command: string, requester = 'U0ANA') =>
    (await ask(command, undefined, requester)).map(({ sentence }) => sentence).join('\n');
  beforeEach(() => {
    resources = [made('db-1', { data: 'lost' }), made('build-1')];
    infrastructure = {
      resources,
      declared: {
        kind: 'read',
        commit: 'e'.repeat(40),
        branch: 'main',
        groups: [group({ name: 'db', count: 0, data: true })],
        sources: [{ path: 'infrastructure/servers.yaml', blob: 'b'.repeat(40) }],
        authors: [],
      },
    };
  });

  it('is judged with what the ledger knows of it, and says what its data asks for', async () => {
    expect(await text('provision destroy db-1')).toMatch(
      /Asked about the end of the server db-1[^]*This would be refused[^]*its name has to be typed once more/,
    );
    expect(await text('provision destroy db-1 --confirm db-1')).not.toMatch(/This would be refused/);
    expect(await text('provision destroy nothing')).toMatch(/^refused: Nothing that was provisioned is called nothing/);
  });

  it('is judged with the difference of the declared servers', async () => {
    expect(await text('provision servers --apply')).toMatch(
      /Asked about the change of the declared servers[^]*The group db would lose data with its servers \(db-1\)/,
    );
    expect(await text('provision servers --apply --confirm db')).not.toMatch(/This would be refused/);
    infrastructure = { ...infrastructure, resources: [] };
    expect(await text('provision servers --apply')).toMatch(/so there is nothing to do/);
    expect(await text('provision servers')).toMatch(/Policy only decides about/);
  });
});

describe('what holds work back at the moment', () => {
  afterEach(() => {
    held = () => ({});
  });
  const sentences = async () =>
    [
      ...(await ask('deploy search v3 to staging')),
      ...(await asking.explain({ kind: 'why', service: 'search', environment: 'staging', person: 'U0BOB' })),
    ].map(({ sentence }) => sentence);

  it('is told by what-if and why as by the gate', async () => {
    expect((await sentences()).join()).not.toMatch(/locked/);
    held = () => ({ locks: [{ by: 'U0LEE', reason: 'migration', service: 'search', environment: 'staging' }] });
    expect((await sentences()).filter((each) => /has locked this \(migration\)/.test(each))).toHaveLength(2);
  });

  it('holds back where nobody can say', async () => {
    held = () => {
      throw new Error('away');
    };
    expect((await sentences()).filter((each) => /Temporal did not say in time/.test(each))).toHaveLength(2);
  });
});
