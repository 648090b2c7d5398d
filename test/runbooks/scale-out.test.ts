import { createRunStep } from '../../activities/run-step';
import { createWatchMetric } from '../../activities/watch-metric';
import type { Json } from '../../src/json';
import type { Plan } from '../../src/operation/plan';
import type { MetricWatch } from '../../src/triggers/metric-watch';
import { runnerQueue } from '../../workflows/contract';
import { startTestFleet, type TestFleet } from '../fleet/start';
import { examplePolicy } from '../helpers/company';
import { TestPrometheus } from '../helpers/prometheus';
import { openTriggerWorld, type TriggerWorld } from '../helpers/trigger-world';
import { Jira, jiraToken, PagerDuty, routingKey } from '../vendors/tickets';

jest.setTimeout(180_000);

/** From a busy processor in a real Prometheus to the node, the page and the ticket, all of it the example company's. */
let at: TriggerWorld;
let fleet: TestFleet;
let prometheus: TestPrometheus;
let runbook: string;
const pagerduty = new PagerDuty();
const jira = new Jira();

const busy = (web: number): string =>
  `node_cpu_busy_ratio{group="web",instance="web-1"} ${web}\nnode_cpu_busy_ratio{group="db",instance="db-1"} 0.99\n`;

beforeAll(async () => {
  [fleet, prometheus] = await Promise.all([startTestFleet(), TestPrometheus.start(busy(0.2))]);
  await Promise.all([pagerduty.server.start(), jira.server.start()]);
  const files = examplePolicy(fleet.port);
  const change = (path: string, from: string | RegExp, to: string): void => {
    if (!files[path]!.match(from)) throw new Error(`${path} has no ${String(from)}`);
    files[path] = files[path]!.replace(from, to);
  };
  change('connections/prometheus.yaml', /https:\S+/, prometheus.origin);
  change('connections/pagerduty.yaml', /https:\S+/, pagerduty.server.origin);
  change('connections/jira.yaml', /https:\S+/, jira.server.origin);
  change('runbooks/scale-out.yaml', 'for: 5m', 'for: 2s\n    every: 1s\n    runs-on: metrics');
  change('runbooks/scale-out.yaml', 'cooldown: 5m', 'cooldown: 1h');
  runbook = files['runbooks/scale-out.yaml']!;
  at = await openTriggerWorld(files);
  const body = async (digest: string): Promise<unknown> =>
    JSON.parse((await at.blobs.get(digest)).toString('utf8')) as unknown;
  const secrets = { PAGERDUTY_ROUTING_KEY: routingKey, JIRA_API_TOKEN: jiraToken };
  at.world.step = createRunStep({
    readPlan: async (digest) => (await body(digest)) as Plan,
    keepBody: (text) => at.blobs.put(text),
    readBody: async (digest) => (await body(digest)) as Json,
    now: Date.now,
    env: secrets,
    log: { debug: () => undefined, warn: () => undefined },
  });
  await at.world.temporal.worker({
    taskQueue: runnerQueue('metrics'),
    activities: {
      watchMetric: createWatchMetric({
        readWatch: async (digest) => (await body(digest)) as MetricWatch,
        now: Date.now,
        secrets: { env: secrets, folder: '/run/secrets' },
      }),
    },
  });
});
afterAll(async () => {
  await at?.close();
  await Promise.all([fleet?.stop(), prometheus?.stop(), pagerduty.server.stop(), jira.server.stop()]);
});

const group = async (): Promise<{ readonly nodes: readonly string[] }> =>
  (await fetch(`${fleet.url}/groups/web`)).json() as Promise<{ readonly nodes: readonly string[] }>;
const inThreads = (): readonly string[] =>
  at.world.notices.flatMap(({ to, notice }) => (to.kind === 'thread' && notice.kind === 'plain' ? [notice.text] : []));
const outcomes = (): readonly string[] =>
  at.world.cards.flatMap(({ card, view }) => (card === 'operation' && view.outcome ? [view.state] : []));

test('processors that stay busy get a node, a page and a ticket, and nothing more within the cooldown', async () => {
  prometheus.expose(busy(0.97));
  await at.until('the end', () => outcomes()[0]);
  expect(outcomes()[0]).toBe('succeeded');
  expect((await group()).nodes).toEqual(['web-node-1']);
  expect([...pagerduty.alerts]).toEqual([[expect.stringContaining('scale-out/runbook-scale-out-'), 'trigger']]);
  expect(jira.issues).toMatchObject([
    { key: 'OPS-1', fields: { summary: expect.stringMatching(/^Web nodes were too busy: at 97% since 20/) } },
  ]);

  // While its operation is open, what happens again joins it instead.
  const [key] = [...pagerduty.alerts.keys()];
  await at.world.temporal.client.workflow.getHandle(key!.replace('scale-out/', '')).result();
  prometheus.expose(busy(0.5));
  await prometheus.seen();
  prometheus.expose(busy(0.98));
  const word = await at.until('a word about the cooldown', () => inThreads().find((each) => each.includes('cooldown')));
  expect(word).toContain('It happened again (web)');
  expect((await group()).nodes).toHaveLength(1);
});

test('people are paged also when no node can be built, and what was ordered is given back', async () => {
  await fetch(`${fleet.url}/control`, { method: 'POST', body: JSON.stringify({ fail: 'build' }) });
  // A matter of its own: the cooldown of the one before lasts.
  const other = runbook.replace('key: event.labels.group', `key: '"web, again"'`).replace('for: 2s', 'for: 3s');
  await at.remote.commit({ 'runbooks/scale-out.yaml': other });
  await at.until('the second end', () =>
    jira.issues.length === 2 && outcomes().includes('rolled_back') ? true : undefined,
  );
  expect(pagerduty.alerts.size).toBe(2);
  expect((await group()).nodes).toEqual(['web-node-1']);
  expect(await (await fetch(`${fleet.url}/batches`)).json()).toHaveLength(1);
});
