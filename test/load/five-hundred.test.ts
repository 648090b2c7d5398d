import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openCompany, startAll, examplePolicy, type Company } from '../helpers/company';
import type { DeliveryResult, StoredMessage } from '../slack-rules';
import { operationOn } from '../story/people';

jest.setTimeout(600_000);

/**
 * Why a runbook: an operation about a service waits in that service's lane, so 500 of them would show the lane's
 * patience and nothing else. A runbook about no service has no lane, so all 500 are under way at once, and the policy
 * below asks nobody. Its one step tells a server of ours a number, so that a doubled or a lost operation is seen where
 * it would hurt: outside.
 *
 * Why a scale: Slack takes about one post a second in a channel and 50 edits a minute in a workspace, so 500 cards would
 * take half an hour whoever posts them. Slack's message limits are this many times wider, and so is the bot's own pace;
 * the 3 s for an acknowledgement are Slack's.
 */
const scale = 60;
const count = 500;
const requesters = Array.from({ length: 50 }, (_, index) => `U0LOAD${String(index).padStart(3, '0')}`);

const runbook = `name: tick
help: Tells a number to a server.
inputs:
  number: { type: integer, min: 1, max: ${count} }
steps:
  - id: tell
    name: "Tell the number"
    uses: http/request
    with:
      connection: tally
      method: POST
      path: "/tally/\${{ inputs.number }}"
    repeat: safe
    summary: "told \${{ string(inputs.number) }}"
`;
const connection = (port: number): string => `connection:
  name: tally
  kind: http
  origin: http://127.0.0.1:${port}
  path_prefixes: [/tally]
  methods: [POST]
`;
const freeRule = `approvals:
  - name: runbooks are free
    when: 'change.kind == "runbook"'
    require: none
`;

let company: Company;
let server: Server;
const told = new Map<number, number>();

beforeAll(async () => {
  server = createServer((request, response) => {
    const number = Number(request.url?.split('/').at(-1));
    told.set(number, (told.get(number) ?? 0) + 1);
    request.resume();
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const policy = examplePolicy(0)['policy.yaml']!.replace('approvals:\n', freeRule);
  company = await openCompany({
    redisUrl: process.env.TEST_REDIS_URL,
    limits: { scale },
    env: {
      SLACK_RATE_SCALE: String(scale),
      LOG_LEVEL: 'warn',
      POLICY_POLL_MS: '15000',
      REDIS_PREFIX: `load-${process.pid}`,
    },
    policy: {
      'policy.yaml': policy,
      'runbooks/tick.yaml': runbook,
      'connections/tally.yaml': connection((server.address() as AddressInfo).port),
    },
  });
  for (const id of requesters) company.slack.addUser({ id });
  await startAll(company);
});

afterAll(async () => {
  await company?.close();
  server?.close();
});

const cards = (): readonly StoredMessage[] =>
  company.slack.messages('#deploys').filter((message) => !message.thread_ts && message.text.includes('Run tick'));

const shows = (message: StoredMessage, word: string): boolean =>
  `${message.text}${JSON.stringify(message.blocks)}`.includes(word);

test(`${count} commands at once: all acknowledged in 3 s, each carried out once, each with one card that shows its end`, async () => {
  const results: readonly DeliveryResult[] = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      company.slack.command({
        user: requesters[index % requesters.length]!,
        channel: 'deploys',
        command: '/runbook',
        text: `run tick number=${index + 1}`,
      }),
    ),
  );
  // Slack's own clock says so: an answer after 3 s is no acknowledgement.
  expect(results.filter(({ acked }) => !acked).map(({ error }) => error)).toEqual([]);

  await company.slack.waitFor(() => cards().filter((card) => shows(card, 'Succeeded')).length >= count, {
    timeoutMs: 500_000,
    what: `${count} cards that show their end (${told.size} numbers told)`,
  });

  expect(told.size).toBe(count);
  expect([...told].filter(([, times]) => times !== 1)).toEqual([]);
  expect(cards().filter((card) => !shows(card, 'Succeeded'))).toEqual([]);
  expect(new Set(cards().map(operationOn)).size).toBe(count);
  expect(cards()).toHaveLength(count);
  expect(await eventsInLedger()).toEqual({ request: count, verdict: count, intent: count, outcome: count });
  expect(company.slack.calls.filter(({ status }) => status === 429)).toEqual([]);
  expect(company.slack.violations).toEqual([]);
});

/** How many records of each kind lie in Git; a path holds the operation, so a doubled operation has records of its own. */
async function eventsInLedger(): Promise<{ readonly [event: string]: number }> {
  const names = (await company.ledger.git(['ls-tree', '-r', '--name-only', 'refs/heads/ledger'])).split('\n');
  const events = names
    .filter((name) => name.startsWith('operations/'))
    .map((name) => /-([a-z]+)\.json$/.exec(name)![1]!);
  return events.reduce<{ [event: string]: number }>((sum, event) => ({ ...sum, [event]: (sum[event] ?? 0) + 1 }), {});
}
