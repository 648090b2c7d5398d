import { once } from 'node:events';
import { createRequire } from 'node:module';
const { WebSocket } = createRequire(import.meta.url)('ws');

/** The people of the demo, acting through the same interfaces as the page: commands, clicks, modals. */
export async function openPeople({ urls, company }) {
  const socket = new WebSocket(`${urls.slack.replace('http', 'ws')}/ui`);
  const views = [];
  socket.on('message', (data) => {
    const pushed = JSON.parse(data.toString());
    if (pushed.t === 'view' || pushed.t === 'view_errors') views.push(pushed);
  });
  await once(socket, 'open');

  const idOf = (name) => company.users.find((user) => user.name === name).id;
  const channelOf = async (name) => {
    const { channels } = await get('/_control/state');
    return channels.find((channel) => channel.name === name || channel.id === name).id;
  };
  const get = async (path) => (await fetch(`${urls.slack}${path}`)).json();
  const post = async (path, body) =>
    (
      await fetch(`${urls.slack}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    ).json();

  return {
    /** Types a command in a channel. */
    command: async (person, channel, line) => {
      const [command, ...words] = line.split(' ');
      await post('/_control/command', {
        channel: await channelOf(channel),
        user: idOf(person),
        command,
        text: words.join(' '),
      });
    },
    /** Clicks a button of a message by its label; false when the message has no such button. */
    click: async (person, message, label) => {
      const action = buttonsOf(message).find((button) => button.text.text.includes(label));
      if (!action) return false;
      await post('/_control/interact', {
        channel: message.channel,
        messageTs: message.ts,
        user: idOf(person),
        action: { ...action, block_id: action.block_id },
      });
      return true;
    },
    submit: (person, values) => socket.send(JSON.stringify({ t: 'view_submit', user: idOf(person), values })),
    views: () => views,
    /** Every message of a channel, oldest first, ephemeral ones too. */
    messages: async (channel) => (await get(`/_control/messages/${await channelOf(channel)}`)).messages,
    textOf: (message) => JSON.stringify([message.text, message.blocks ?? []]),
    buttonsOf,
    close: () => socket.close(),
  };
}

function buttonsOf(message) {
  return (message.blocks ?? []).flatMap((block) =>
    (block.elements ?? (block.accessory ? [block.accessory] : []))
      .filter((element) => element.type === 'button')
      .map((element) => ({ ...element, block_id: block.block_id })),
  );
}
