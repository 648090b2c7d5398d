import { openRunbooks, type Runbooks } from '../helpers/run-runbook';
import { aJudgement, aPlan, aStep } from '../helpers/samples';
import type { OperationRequest } from '../../src/operation/request';

const stages = aPlan([aStep('canary'), aStep('full')]);
const asked: OperationRequest[] = [];
const reached: string[] = [];
/** The stage whose criteria are missed. */
let missed: string | undefined;
let runbooks: Runbooks;

beforeAll(async () => {
  runbooks = await openRunbooks();
  const { world } = runbooks;
  const own = world.step;
  world.step = async (input) => {
    if (input.planDigest !== stages.digest) return own(input);
    reached.push(`${input.mode} ${input.path}`);
    if (input.mode === 'do' && input.path === missed) throw new Error(`${input.path} missed its criteria.`);
    return { status: 'done', outputs: {}, summary: input.path };
  };
  world.judge = (request) => {
    asked.push(request);
    return aJudgement({ ballots: [], plan: stages });
  };
});
beforeEach(() => {
  asked.length = 0;
  reached.length = 0;
  missed = undefined;
});
afterAll(() => runbooks?.close());

const given = (rollout = 'careful') => ({
  files: {
    'policy.yaml':
      'version: 1\nchannels: { default: "#deploys", rollback: "#deploys" }\nenvironments: { staging: {} }\nteams: { shop_team: { users: [U0ANN] } }\nhandlers: [{ for: rollout.target, runbook: share }]\n',
    'configs/services/shop.yaml': 'service: { name: shop, owner: shop_team }\n',
    'deployments/careful.yaml':
      'deployment: { name: careful, stages: [{ name: canary, target: 5% }, { name: full, target: 100% }] }\n',
    'runbooks/share.yaml': 'name: share\nsteps: [{ uses: wait, with: { for: 1s } }]\n',
    'runbooks/release.yaml': `name: release
inputs: { version: { type: version } }
steps:
  - id: production
    uses: rollout
    with: { service: shop, version: '\${{ inputs.version }}', environment: staging, rollout: ${rollout} }
    outputs: { what: outcome + ' ' + version }
`,
  },
  runbook: 'release',
  inputs: { version: 'v2' },
});

test('a rollout inside a runbook is an operation of its own, in the stages of the rollout that it names', async () => {
  const ran = await runbooks.run(given());
  expect(ran.result).toEqual({ kind: 'done', watch: 'ended' });
  expect(asked).toMatchObject([
    { kind: 'deploy', service: 'shop', environment: 'staging', version: 'v2', rollout: 'careful' },
  ]);
  expect(reached).toEqual(['do canary', 'do full']);
  expect(ran.outputs.production).toEqual({ what: 'succeeded v2' });
});

test('a stage that misses its criteria is undone with those before it, and the runbook goes no further', async () => {
  missed = 'full';
  const ran = await runbooks.run(given());
  expect(ran.result).toMatchObject({ kind: 'undone', reason: expect.stringContaining('full missed its criteria') });
  expect(reached.filter((each) => each.startsWith('undo'))).toEqual(['undo full', 'undo canary']);
});

test('a rollout that no file describes refuses the runbook when it is read', async () => {
  expect(() => runbooks.problems(given('bold'))).toThrow(/no rollout "bold"/);
});
