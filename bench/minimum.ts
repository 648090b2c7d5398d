import { randomUUID } from 'node:crypto';
import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { startSlackRules } from '../test/slack-rules';
import { openTemporal } from '../test/helpers/temporal';
import { BARE_QUEUE } from './minimum-contract';
import { end, endWithUs } from './servers';
import { approver, channel, requester, slackLimits, type Side } from './side';

/** The least that one could write by hand: a bare Bolt app and a bare worker, each a process as ours are. */
export async function openMinimum(spec: {
  readonly temporalAddress: string;
  readonly tallyPort: number;
  readonly steps: number;
  readonly targets: number;
  readonly atOnce: number;
  /** Namespace of ours, where steps of ours can be called by hand. */
  readonly besideNamespace: string;
}): Promise<Side> {
  const temporal = await openTemporal(spec.temporalAddress);
  const users = [requester, approver];
  const slack = await startSlackRules({ users, channels: [channel], limits: slackLimits });
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
    SLACK_API_URL: slack.apiUrl,
    TEMPORAL_ADDRESS: spec.temporalAddress,
    TEMPORAL_NAMESPACE: temporal.namespace,
  };
  const [worker, app, besideOurs] = await Promise.all([
    start('minimum-worker.ts', env),
    start('minimum-app.ts', env),
    start('minimum-worker.ts', { ...env, TEMPORAL_NAMESPACE: spec.besideNamespace }),
  ]);
  await slack.waitForSocket(1);
  return {
    name: 'minimum',
    slack,
    client: temporal.client,
    workflow: 'bare',
    ask: (number) => slack.command({ user: requester, channel: channel.name, command: '/bare', text: String(number) }),
    approve: ({ ts }) => slack.click({ user: approver, channel: channel.id, ts, actionId: 'approve' }),
    async run() {
      const args = [{ url: `http://127.0.0.1:${spec.tallyPort}/tally`, count: spec.steps }];
      await temporal.client.workflow.start('bareRun', { workflowId: randomUUID(), taskQueue: BARE_QUEUE, args });
    },
    async fan() {
      const { targets: count, atOnce } = spec;
      const args = [{ url: `http://127.0.0.1:${spec.tallyPort}/tally/each`, count, atOnce }];
      await temporal.client.workflow.start('bareFan', { workflowId: randomUUID(), taskQueue: BARE_QUEUE, args });
    },
    handedOver: () => Promise.resolve({}),
    pids: { app: app.pid!, worker: worker.pid! },
    async close() {
      await Promise.all([end(app), end(worker), end(besideOurs)]);
      await slack.stop();
      await temporal.close();
    },
  };
}

/** TypeScript runs as it does here, by the hook in this process's own arguments. */
async function start(file: string, env: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const child = fork(join(__dirname, file), { env });
  endWithUs(child);
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}.`)));
  });
  return child;
}
