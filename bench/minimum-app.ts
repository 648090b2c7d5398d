import { App, LogLevel, SocketModeReceiver, type BlockAction, type ButtonAction } from '@slack/bolt';
import { Client, Connection } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { SEARCH_ATTRIBUTES } from '../workflows/contract';
import { BARE_APPROVE, BARE_QUEUE } from './minimum-contract';

/** The minimum's bot: what is pressed or typed is in Temporal before it is acknowledged, and that is all. */
async function serve(): Promise<void> {
  const { SLACK_BOT_TOKEN, SLACK_APP_TOKEN, SLACK_API_URL, TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE } = process.env;
  const connection = await Connection.connect({ address: TEMPORAL_ADDRESS });
  const { workflow } = new Client({ connection, namespace: TEMPORAL_NAMESPACE });
  const receiver = new SocketModeReceiver({
    appToken: SLACK_APP_TOKEN!,
    installerOptions: { clientOptions: { slackApiUrl: SLACK_API_URL } },
  });
  const clientOptions = { slackApiUrl: SLACK_API_URL };
  const app = new App({ token: SLACK_BOT_TOKEN, receiver, clientOptions, logLevel: LogLevel.ERROR });

  app.command('/bare', async ({ command, ack }) => {
    const workflowId = `bare-${command.trigger_id}`;
    await workflow.start('bare', {
      workflowId,
      taskQueue: BARE_QUEUE,
      args: [{ channel: command.channel_id, text: `<@${command.user_id}> asked for ${command.text}` }],
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      typedSearchAttributes: [
        { key: keyword(SEARCH_ATTRIBUTES.kind.name), value: 'bare' },
        { key: keyword(SEARCH_ATTRIBUTES.state.name), value: 'waiting' },
        { key: keyword(SEARCH_ATTRIBUTES.requester.name), value: command.user_id },
      ],
    });
    await ack({ response_type: 'ephemeral', text: `It is taken on as ${workflowId}.` });
  });

  app.action<BlockAction<ButtonAction>>('approve', async ({ ack, action, body }) => {
    const update = { args: [body.user.id], updateId: action.action_ts, waitForStage: 'ACCEPTED' } as const;
    await workflow
      .getHandle(action.value!)
      .startUpdate<void, [string]>(BARE_APPROVE, { ...update, args: [body.user.id] });
    await ack();
  });

  await app.start();
  process.send?.('ready');
}

const keyword = (name: string) => defineSearchAttributeKey(name, 'KEYWORD');

serve().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
