import { ACTIONS } from '../src/messages/actions';
import { examplePolicy, openCompany, startAll, type Company } from '../test/helpers/company';
import { approver, channel, requester, slackLimits, slackScale, type Side } from './side';

/** The three real programs, a policy and a ledger in Git, Redis, Temporal and Slack. */
export async function openOurs(spec: {
  readonly temporalAddress: string;
  readonly redisUrl: string;
  readonly tallyPort: number;
  readonly steps: number;
  readonly targets: number;
  readonly atOnce: number;
}): Promise<Side> {
  const company = await openCompany({
    temporalAddress: spec.temporalAddress,
    redisUrl: spec.redisUrl,
    limits: slackLimits,
    // A company's own waits, where tests have seconds.
    env: { SLACK_RATE_SCALE: String(slackScale), TIMINGS: '{}', POLICY_POLL_MS: '15000' },
    policy: policyFor(spec),
  });
  await startAll(company);
  return sideOf(company);
}

function sideOf(company: Company): Side {
  const { slack } = company;
  const type = (text: string) => slack.command({ user: requester, channel: channel.name, command: '/runbook', text });
  return {
    name: 'ours',
    slack,
    client: company.temporal.client,
    workflow: 'operation',
    ask: (number) => type(`run ask number=${number}`),
    approve: ({ ts }) => slack.click({ user: approver, channel: channel.id, ts, actionId: ACTIONS.approve }),
    run: async () => void (await type('run count')),
    fan: async () => void (await type('run fan')),
    handedOver: () => handedOver(company.botUrl),
    pids: { bot: company.pid('bot')!, worker: company.pid('worker')!, runner: company.pid('runner')! },
    close: () => company.close(),
  };
}

/**
 * Two seats in one click each, so that the first click changes the card and nothing else begins. Runbooks about no
 * service: those about one would wait for each other in its lane.
 */
const rules = `approvals:
  - name: counting is free
    when: 'change.kind == "runbook" && change.runbook in ["count", "fan"]'
    require: none
  - name: two people agree
    when: 'change.kind == "runbook"'
    require: [team_lead, director]
    timeout: 48h
    one_click: true
`;

interface PolicySpec {
  readonly tallyPort: number;
  readonly steps: number;
  readonly targets: number;
  readonly atOnce: number;
}

function policyFor(spec: PolicySpec): { readonly [path: string]: string } {
  return {
    'policy.yaml': examplePolicy(0)['policy.yaml']!.replace('approvals:\n', rules),
    'connections/tally.yaml': [
      'connection:',
      '  name: tally',
      '  kind: http',
      `  origin: http://127.0.0.1:${spec.tallyPort}`,
      '  path_prefixes: [/tally]',
      '  methods: [GET, POST]\n',
    ].join('\n'),
    'runbooks/ask.yaml': `name: ask
help: Waits for two people.
inputs:
  number: { type: integer, min: 0, max: 1000000 }
steps:
${stepFor('tell', '/tally/${{ inputs.number }}')}`,
    'runbooks/fan.yaml': `name: fan
help: Calls a server for each of many targets.
steps:
  - id: found
    uses: http/request
    with: { connection: tally, path: /tally/targets/${spec.targets} }
    outputs: { list: response.body }
  - id: each
    uses: foreach
    with: { in: "\${{ steps.found.outputs.list }}", as: host, concurrency: ${spec.atOnce} }
    steps:
      - id: call
        uses: http/request
        with: { connection: tally, method: POST, path: "/tally/each/\${{ host }}" }
        repeat: safe
`,
    'runbooks/count.yaml': `name: count
help: Calls a server again and again.
steps:
${Array.from({ length: spec.steps }, (_, index) => stepFor(`call_${index}`, `/tally/${index}`)).join('')}`,
  };
}

const stepFor = (id: string, path: string): string => `  - id: ${id}
    uses: http/request
    with: { connection: tally, method: POST, path: "${path}" }
    repeat: safe
`;

async function handedOver(botUrl: string): Promise<{ readonly [outcome: string]: number }> {
  const text = await (await fetch(`${botUrl}/metrics`)).text();
  const lines = text.matchAll(/^signalbox_handed_over_total\{what="operation",outcome="(\w+)"\} (\d+)/gm);
  return Object.fromEntries([...lines].map(([, outcome, count]) => [outcome, Number(count)]));
}
