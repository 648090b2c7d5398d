import { WebClient } from '@slack/web-api';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { BARE_QUEUE, type BareActivities } from './minimum-contract';

/** The minimum's worker: its workflows from a bundle, and its activities. */
async function work(): Promise<void> {
  const { SLACK_BOT_TOKEN, SLACK_API_URL, TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE } = process.env;
  const logger = new DefaultLogger('ERROR');
  Runtime.install({ logger });
  const { chat } = new WebClient(SLACK_BOT_TOKEN, { slackApiUrl: SLACK_API_URL });
  const activities: BareActivities = {
    async postCard({ channel, text, workflowId }) {
      const { ts } = await chat.postMessage({ channel, text, blocks: blocksFor(text, workflowId) });
      return { channel, ts: ts! };
    },
    async updateCard({ card, text }) {
      await chat.update({ ...card, text, blocks: blocksFor(text) });
    },
    async callOut({ url, key }) {
      const response = await fetch(url, { method: 'POST', headers: { 'idempotency-key': key } });
      await response.json();
      return response.status;
    },
  };
  const worker = await Worker.create({
    connection: await NativeConnection.connect({ address: TEMPORAL_ADDRESS }),
    namespace: TEMPORAL_NAMESPACE,
    taskQueue: BARE_QUEUE,
    workflowBundle: await bundleWorkflowCode({ workflowsPath: require.resolve('./minimum-workflow'), logger }),
    activities,
  });
  process.send?.('ready');
  await worker.run();
}

function blocksFor(text: string, workflowId?: string) {
  const section = { type: 'section', text: { type: 'mrkdwn', text } } as const;
  if (workflowId === undefined) return [section];
  const button = {
    type: 'button',
    action_id: 'approve',
    text: { type: 'plain_text', text: 'Approve' },
    value: workflowId,
  } as const;
  return [section, { type: 'actions', elements: [button] } as const];
}

work().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
