import type { SlackCommandMiddlewareArgs } from '@slack/bolt';
import { parseCommand } from '../../src/commands/grammar';
import { commands } from '../../src/commands/registry';
import type { RunbookList } from '../../src/messages/runbook-list';
import { answer, catalogueIn, listRunbooks, mustBeKept } from '../answers';
import { openForm } from '../forms';
import { messageOf, misreadMessage } from '../show-answer';
import { tellPrivately } from '../tell';
import { askForName } from './resource-buttons';
import { askForGroup } from './server-buttons';
import { guarded, type ListenerDeps, type Register } from './listener';

/** Every slash command of the registry. What starts or changes something is durable before the acknowledgement. */
export const register: Register = (app, deps) => {
  for (const { command } of commands)
    app.command(command, async (given) => {
      const click = { user: given.command.user_id, channel: given.command.channel_id, respond: given.respond };
      await guarded(deps, { what: command, click, ack: () => given.ack() }, () => typed(deps, given));
    });
};

/** Commands that show what there is to choose from when nothing is typed behind them. */
const lists: { readonly [command: string]: RunbookList['of'] } = { '/runbook': 'runbook', '/provision': 'provision' };

async function typed(deps: ListenerDeps, { command, ack, respond }: SlackCommandMiddlewareArgs): Promise<void> {
  const where = { user: command.user_id, channel: command.channel_id };
  const listener = { ...where, respond };
  const bare = command.text.trim() === '';
  const catalogue = bare ? undefined : await catalogueIn(deps);
  const known = catalogue && { ...catalogue, runbooks: catalogue.runbooks.map((each) => each.name) };
  const parsed = parseCommand({ command: command.command, text: command.text, escaped: true, known });
  if (!parsed.ok && parsed.because === 'bare') {
    await ack();
    const of = lists[command.command];
    if (of !== undefined) {
      const requester = { kind: 'person', id: command.user_id, team: command.team_id, via: 'slack' } as const;
      const listed = await listRunbooks(deps, { of }, { requester });
      if (listed.kind === 'runbooks') return tellPrivately(deps, listener, messageOf(listed, deps.render));
    }
    await openForm(deps, { command: command.command, triggerId: command.trigger_id, ...where });
    return;
  }
  if (!parsed.ok) {
    await ack({ response_type: 'ephemeral', ...misreadMessage(parsed) });
    return;
  }
  const from = {
    requester: { kind: 'person', id: command.user_id, team: command.team_id, via: 'slack' },
    channel: command.channel_id,
    deliveryId: command.trigger_id,
    text: `${command.command} ${command.text}`.trim(),
  } as const;
  // `known` came from a catalogue read a moment ago: read once more only if it did not come in time.
  const once = catalogue === undefined ? deps : { ...deps, catalogue: () => Promise.resolve(catalogue) };
  if (mustBeKept(parsed.asked)) {
    let kept = false;
    const onKept = async (): Promise<void> => {
      kept = true;
      await ack();
    };
    const answered = await answer(once, parsed.asked, { ...from, onKept });
    if (answered.kind === 'confirm') {
      await ack();
      const { resource, of } = answered;
      await askForName(deps, { triggerId: command.trigger_id, channel: command.channel_id, resource, of });
      return;
    }
    if (answered.kind === 'confirm_group') {
      await ack();
      await askForGroup(deps, { ...answered, triggerId: command.trigger_id, channel: command.channel_id });
      return;
    }
    const message = messageOf(answered, deps.render);
    if (kept) await tellPrivately(deps, listener, message);
    else await ack({ response_type: 'ephemeral', ...message });
    return;
  }
  await ack();
  await tellPrivately(deps, listener, messageOf(await answer(once, parsed.asked, from), deps.render));
}
