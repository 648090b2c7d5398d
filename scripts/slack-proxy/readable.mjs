/** local-slack shows entities, date tokens and code blocks as they are written; these make them look as in Slack. */

/** Every `text` of a text object or message, made readable. Values, ids and private metadata stay as they are. */
export function readable(value, company) {
  if (Array.isArray(value)) return value.map((each) => readable(each, company));
  if (typeof value !== 'object' || value === null) return value;
  const changed = Object.entries(value).map(([key, each]) => [
    key,
    key === 'text' && typeof each === 'string' ? readableText(each, company) : readable(each, company),
  ]);
  return Object.fromEntries(changed);
}

export function readableText(text, { timezone, groups }) {
  return (
    text
      .replace(/<!subteam\^(\w+)[^>]*>/g, (token, id) => {
        const group = groups.find((each) => each.id === id);
        return group ? `*@${group.handle}*` : token;
      })
      .replace(/<!date\^(\d+)\^([^^|>]*)(?:\^[^|>]*)?\|[^>]*>/g, (_, seconds, format) =>
        dated(Number(seconds), format, timezone),
      )
      .replace(/```\n([\s\S]*?)\n?```/g, (_, lines) => lines.split('\n').map(inCode).join('\n'))
      // A narrow invisible space keeps decoded text from becoming a mention or a link.
      .replaceAll('&lt;', '<\u200b')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&')
  );
}

const inCode = (line) => (line.trim() === '' ? '' : `\`${line}\``);

const day = { day: 'numeric', month: 'short', year: 'numeric' };
const clock = { hour: '2-digit', minute: '2-digit', hour12: false };
const formats = {
  date_num: { year: 'numeric', month: '2-digit', day: '2-digit' },
  date: day,
  date_short: day,
  date_long: { ...day, weekday: 'long', month: 'long' },
  time: clock,
  time_secs: { ...clock, second: '2-digit' },
};

function dated(seconds, format, timeZone) {
  const date = new Date(seconds * 1000);
  return format.replace(/\{(\w+)\}/g, (token, name) => {
    const options = formats[name.replace(/_pretty$/, '')];
    const near = name.endsWith('_pretty') && nearDay(date, timeZone);
    if (near) return near;
    return options ? new Intl.DateTimeFormat('en-GB', { ...options, timeZone }).format(date) : token;
  });
}

/** `today` and its neighbours, which Slack writes in place of a date. */
function nearDay(date, timeZone) {
  const dayOf = (time) => new Intl.DateTimeFormat('en-CA', { timeZone }).format(time);
  const names = { yesterday: -1, today: 0, tomorrow: 1 };
  return Object.keys(names).find((name) => dayOf(Date.now() + names[name] * 86_400_000) === dayOf(date));
}

/** A command's text as the app gets it: people and channels by id, and entities, as `should_escape` has it. */
export function escaped(text, { users, channels }) {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/(^|\s)@([\w.-]+)/g, (whole, before, name) => {
      const user = users.find((each) => each.name === name);
      return user ? `${before}<@${user.id}|${name}>` : whole;
    })
    .replace(/(^|\s)#([\w-]+)/g, (whole, before, name) => {
      const channel = channels.find((each) => each.name === name);
      return channel ? `${before}<#${channel.id}|${name}>` : whole;
    });
}
