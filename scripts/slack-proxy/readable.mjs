/** local-slack shows entities and date tokens as they are written; these make them look as they do in Slack. */

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
      // A narrow invisible space keeps decoded text from becoming a mention or a link.
      .replaceAll('&lt;', '<\u200b')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&')
  );
}

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
    return options ? new Intl.DateTimeFormat('en-GB', { ...options, timeZone }).format(date) : token;
  });
}
