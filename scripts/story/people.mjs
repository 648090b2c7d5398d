import { once } from 'node:events';
import { createRequire } from 'node:module';
import { until } from '../lib/ports.mjs';
const { WebSocket } = createRequire(import.meta.url)('ws');

/** How long a form may take to open after a click, ms. */
const FORM_MS = 8_000;

/** The people of the demo, acting through the same interfaces as the page: commands, clicks, forms. */
export async function openPeople({ urls, company }) {
  const socket = new WebSocket(`${urls.slack.replace('http', 'ws')}/ui`);
  let [form, opened, shown] = [undefined, 0, ''];
  const heard = new Map();
  socket.on('message', (data) => {
    const pushed = JSON.parse(data.toString());
    if (pushed.t !== 'view') return;
    form = pushed.stack.at(-1);
    opened += 1;
    if (form) shown += `\n${textOf(form)}`;
  });
  await once(socket, 'open');

  const idOf = (name) => company.users.find((user) => user.name === name).id;
  const channels = async () => (await get('/_control/state')).channels;
  const channelOf = async (name) => (await channels()).find((channel) => [channel.name, channel.id].includes(name)).id;
  const get = async (path) => (await fetch(`${urls.slack}${path}`)).json();
  const post = async (path, body) =>
    (
      await fetch(`${urls.slack}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${company.app.botToken}` },
        body: JSON.stringify(body),
      })
    ).json();

  const people = {
    textOf,
    buttonsOf,

    /** Types a command in a channel. */
    async command(person, channel, line) {
      const [command, ...words] = line.split(' ');
      const [id, user] = [await channelOf(channel), idOf(person)];
      await post('/_control/command', { channel: id, user, command, text: words.join(' ') });
    },

    /**
     * Presses a button by its label; false when the message has none. `change` alters what the button says, as a forged
     * click would.
     */
    async click(person, message, label, change = (value) => value) {
      const action = buttonsOf(message).find((button) => button.text.text === label);
      if (!action) return false;
      const { channel, ts } = message;
      const value = JSON.stringify(change(JSON.parse(action.value)));
      await post('/_control/interact', { channel, messageTs: ts, user: idOf(person), action: { ...action, value } });
      return true;
    },

    /** The form that a click opened, once its details are there. */
    async form() {
      await until(() => form?.submit && !textOf(form).includes('Fetching the details'), FORM_MS);
      return form;
    },

    /** The log that a click opened, once it is there. It has nothing to send. */
    async log() {
      await until(() => form && !textOf(form).includes('Fetching the log'), FORM_MS);
      return form;
    },
    closeForm: (person) => socket.send(JSON.stringify({ t: 'view_close', user: idOf(person) })),

    /** Sends the open form and closes what answers it. `values` by the name of the field. */
    async submit(person, values = {}) {
      const before = opened;
      const state = Object.fromEntries(
        (form?.blocks ?? [])
          .filter((block) => block.type === 'input')
          .map(({ block_id: name, element }) => [name, { [element.action_id]: filled(element, values[name]) }]),
      );
      socket.send(JSON.stringify({ t: 'view_submit', user: idOf(person), values: state }));
      await until(() => opened > before && !(form && textOf(form).includes('Recording')), FORM_MS);
      keep(person);
      if (form) socket.send(JSON.stringify({ t: 'view_close', user: idOf(person) }));
      await until(() => !form, FORM_MS);
    },

    /** Presses a button and confirms in the form when one opens. Whether there was such a button. */
    async decide(person, message, label, values = {}, change = undefined) {
      if (!(await people.click(person, message, label, change))) return false;
      const action = buttonsOf(message).find((button) => button.text.text === label);
      if (JSON.parse(action.value).q === 1) return true;
      if (await people.form()) await people.submit(person, values);
      return true;
    },

    /** Every message of a channel, oldest first, private ones too. */
    messages: async (channel) => (await get(`/_control/messages/${await channelOf(channel)}`)).messages,

    /** The newest message of a channel that is for everybody, stands in no thread and says all of these. */
    async card(channel, ...words) {
      const all = await people.cards(channel, ...words);
      return all.at(-1);
    },
    async cards(channel, ...words) {
      const all = (await people.messages(channel)).filter((each) => !each.ephemeral_to && !each.thread_ts);
      return all.filter((each) => words.every((word) => textOf(each).includes(word)));
    },

    /** The newest message of a channel that only one person sees and that says all of these. */
    async answer(person, channel, ...words) {
      const mine = (await people.messages(channel)).filter((each) => each.ephemeral_to === idOf(person));
      return mine.filter((each) => words.every((word) => textOf(each).includes(word))).at(-1);
    },

    /** Everything that one person was told privately, in any channel, by message or in a form. */
    async told(person) {
      const user = idOf(person);
      let all = heard.get(user) ?? '';
      for (const channel of await channels())
        for (const message of (await get(`/_control/messages/${channel.id}`)).messages)
          if (message.ephemeral_to === user || (channel.is_im && channel.members?.includes(user)))
            all += `\n${textOf(message)}`;
      return all;
    },

    /** All messages by channel. */
    async everything() {
      const all = {};
      for (const channel of await channels())
        all[channel.name ?? channel.id] = (await get(`/_control/messages/${channel.id}`)).messages;
      return all;
    },

    /** Asks Slack itself, as the bot may. */
    api: (method, args) => post(`/api/${method}`, args),
    channelOf,
    close: () => socket.close(),
  };

  function keep(person) {
    const user = idOf(person);
    heard.set(user, `${heard.get(user) ?? ''}${shown}`);
    shown = '';
  }
  return people;
}

/** What a field of a form holds: the given value, else what the form was opened with. */
function filled({ type, initial_option: option, initial_user: user, initial_value: text }, value) {
  if (type === 'static_select' || type === 'radio_buttons')
    return { type, selected_option: value ? { text: { type: 'plain_text', text: value }, value } : (option ?? null) };
  if (type === 'users_select') return { type, selected_user: value ?? user ?? null };
  return { type, value: value ?? text ?? null };
}

/** Everything a message or a form says, one text a line. */
function textOf(value) {
  if (Array.isArray(value)) return value.map(textOf).filter(Boolean).join('\n');
  if (typeof value !== 'object' || value === null) return '';
  return Object.entries(value)
    .map(([key, each]) => (key === 'text' && typeof each === 'string' ? each : textOf(each)))
    .filter(Boolean)
    .join('\n');
}

function buttonsOf(message) {
  return (message?.blocks ?? []).flatMap((block) =>
    (block.elements ?? (block.accessory ? [block.accessory] : []))
      .filter((element) => element.type === 'button')
      .map((element) => ({ ...element, block_id: block.block_id })),
  );
}
