import type { App } from '@slack/bolt';
import { parseLine } from '../../src/commands/grammar';
import { answer, catalogueIn } from '../answers';
import { messageOf, misreadMessage } from '../show-answer';
import { plainMessage, tellPrivately } from '../tell';
import { guarded, type Register } from './listener';

/** `@signalbox status`: the way to ask inside a thread, where Slack has no slash commands. Looks only. */
export const register: Register = (app: App, deps) => {
  app.event('app_mention', async ({ event, body }) => {
    const user = event.user;
    if (user === undefined || 'bot_id' in event) return;
    const click = { user, channel: event.channel };
    await guarded(deps, { what: 'app_mention', click, ack: () => Promise.resolve() }, async () => {
      const text = event.text.replace(/<@[^>]+>/, ' ').trim();
      const line = /^\/?(deploy|rollback|provision|runbook|incident|signalbox)\b/i.test(text)
        ? text
        : `signalbox ${text}`;
      const catalogue = await catalogueIn(deps);
      const known = catalogue && { ...catalogue, runbooks: catalogue.runbooks.map((each) => each.name) };
      const parsed = parseLine({ text: line, escaped: true, known });
      if (!parsed.ok) return tellPrivately(deps, click, misreadMessage(parsed));
      // Slack is told "received" before an event is looked at, so what must not be lost is not taken from one.
      if (!['status', 'locks', 'why', 'what-if', 'show', 'logs', 'help', 'runbook.list'].includes(parsed.asked.kind)) {
        const sentence =
          'A mention can only ask; type the slash command in the channel, or use the buttons on the card.';
        return tellPrivately(deps, click, plainMessage(sentence));
      }
      const requester = {
        kind: 'person',
        id: user,
        ...(body.team_id ? { team: body.team_id } : {}),
        via: 'slack',
      } as const;
      const answered = await answer(deps, parsed.asked, {
        requester,
        channel: event.channel,
        deliveryId: body.event_id,
      });
      return tellPrivately(deps, click, messageOf(answered, deps.render));
    });
  });
};
