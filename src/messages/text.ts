/**
 * The only way from somebody else's text to a message. Slack reads `mrkdwn` as markup, so a reason, a branch name or a
 * line of output could ping a channel, forge a signature or draw a second card; what comes out of here cannot.
 */

/** Marks that a text was cut. */
const ellipsis = '…';
/** Breaks a marker away from its word, so that Slack shows it instead of reading it. Takes no room on the screen. */
const breaker = '\u200b';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Control characters, bidirectional overrides, zero-width and tag characters: nobody types them in good faith. */
const invisible =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/**
 * A text as it was meant: well-formed, without control, bidirectional and invisible characters, line ends as `\n`, at
 * most two line ends in a row. Not yet safe inside markup.
 */
export function plain(text: string): string {
  return text
    .replace(/\r\n?|[\u2028\u2029\u0085]/g, '\n')
    .replace(/\t/g, ' ')
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(invisible, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

/** The same on one line. */
export function oneLine(text: string): string {
  return plain(text).replace(/\s+/g, ' ');
}

/**
 * At most `max` UTF-16 units, which is what Slack counts. Cuts between whole characters as people see them and marks
 * the cut with an ellipsis.
 */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text;
  return take(text, { max, each: (grapheme) => grapheme });
}

/** Markup characters become entities and formatting marks are shown, not read. Length grows; see `safe`. */
export function escape(text: string): string {
  return entities(neutral(text));
}

/** One line of somebody else's text for a `mrkdwn` object or a message's `text`: at most `max` units after escaping. */
export function safe(text: string, max = 300): string {
  return fitEscaped(oneLine(text), max);
}

/** The same with its line ends kept, at most `lines` of them. */
export function safeLines(text: string, { max = 1500, lines = 12 } = {}): string {
  const all = plain(text).split('\n');
  const kept = all.slice(0, lines);
  if (all.length > lines) kept.push(ellipsis);
  return fitEscaped(kept.join('\n'), max);
}

/** A name, a version or a commit in a code span. Empty becomes a dash, since Slack shows an empty span as two marks. */
export function code(text: string, max = 120): string {
  const inside = oneLine(text).replace(/`/g, 'ˋ');
  const escaped = entities(inside);
  return `\`${(escaped.length <= max ? escaped : take(inside, { max, each: entities })) || '-'}\``;
}

/** `<url|label>`, or only the label when the address is not http(s). */
export function link(url: string | undefined, label: string): string {
  const shown = safe(label, 150);
  if (!url || url.length > 2900 || !/^https?:\/\/[^\s]+$/i.test(url)) return shown;
  return `<${url.replace(/&/g, '&amp;').replace(/</g, '%3C').replace(/>/g, '%3E').replace(/\|/g, '%7C')}|${shown}>`;
}

/**
 * A person or a user group by id (`U…`, `S…`, or `user:U…`, `subteam:S…` as ballots have them). Anything that is not an
 * id of Slack's is shown as text and pings nobody.
 */
export function mention(given: string): string {
  const id = given.replace(/^(?:user|subteam):/, '');
  if (/^[UW][A-Z0-9]{1,20}$/.test(id)) return `<@${id}>`;
  if (/^S[A-Z0-9]{1,20}$/.test(id)) return `<!subteam^${id}>`;
  return code(id);
}

/** An instant in the reader's own time zone; `iso` is ISO 8601. Without date tokens, or in a notification, it is UTC. */
export function instant(iso: string, { tokens = true } = {}): string {
  const ms = Date.parse(iso);
  if (Number.isNaN(ms)) return safe(iso, 40);
  const utc = `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  return tokens ? `<!date^${Math.floor(ms / 1000)}^{date_short_pretty} {time}|${utc}>` : utc;
}

/** `45 s`, `3 min 05 s`, `2 h 10 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, '0')} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Words as people list them: `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]!}`;
}

/** `1 character`, `2,400 characters`. */
export function counted(count: number, what: string): string {
  return `${String(count).replace(/\B(?=(?:\d{3})+$)/g, ',')} ${what}${count === 1 ? '' : 's'}`;
}

/**
 * Somebody else's text for the inside of code marks, with its spaces and line ends, in parts of at most `max` units
 * after escaping. Nothing is left out: what cannot be seen is shown as \ufffd. `length` is that of the part as it was given.
 */
export function literalParts(
  text: string,
  max: number,
): readonly { readonly shown: string; readonly length: number }[] {
  const parts: { shown: string; length: number }[] = [];
  let part = { shown: '', length: 0 };
  const next = (): void => {
    if (part.length > 0) parts.push(part);
    part = { shown: '', length: 0 };
  };
  for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    const shown = literal(line);
    if (part.shown.length + shown.length > max) next();
    if (shown.length <= max) part = { shown: part.shown + shown, length: part.length + line.length };
    else
      for (const character of line) {
        const one = literal(character);
        if (part.shown.length + one.length > max) next();
        part = { shown: part.shown + one, length: part.length + character.length };
      }
  }
  next();
  return parts.map(({ shown, length }) => ({ shown: shown.replace(/\n$/, '') || ' ', length }));
}

/** Rendered lines within `max` units: whole lines only, so that no markup is cut in two; says how many are left out. */
export function fit(lines: readonly string[], max = 2900): string {
  const kept: string[] = [];
  let length = 0;
  for (const [index, line] of lines.entries()) {
    const rest = lines.length - index - 1;
    if (length + line.length + 1 > max - (rest > 0 ? 30 : 0)) {
      kept.push(`${ellipsis} and ${rest + 1} more`);
      break;
    }
    kept.push(line);
    length += line.length + 1;
  }
  return kept.join('\n');
}

function literal(text: string): string {
  const seen = text
    .replace(/\r\n?|[\u2028\u2029\u0085]/g, '\n')
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(invisible, '\ufffd')
    .replace(/`/g, 'ˋ');
  return entities(seen);
}

function entities(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

function fitEscaped(text: string, max: number): string {
  const shown = neutral(text);
  const escaped = entities(shown);
  return escaped.length <= max ? escaped : take(shown, { max, each: entities });
}

function take(
  text: string,
  { max, each }: { readonly max: number; readonly each: (grapheme: string) => string },
): string {
  // A grapheme can be endless (stacked accents): nothing past the limit is looked at.
  let out = '';
  for (const { segment } of graphemes.segment(text.slice(0, max + 64))) {
    const next = each(segment);
    if (out.length + next.length > max - ellipsis.length) break;
    out += next;
  }
  return `${out.trimEnd()}${ellipsis}`;
}

/**
 * Formatting marks at the edge of a word are broken away from it; inside a word (`feature_flag_x`) Slack does not read
 * them, so a name stays a name when it is copied. A quote mark, an emoji code and a bare mention are broken too.
 */
function neutral(text: string): string {
  return text
    .replace(/`/g, 'ˋ')
    .replace(/(?<![\p{L}\p{N}])[*_~]+|[*_~]+(?![\p{L}\p{N}])/gu, (marks) => `${breaker}${marks}${breaker}`)
    .replace(/:(?=[a-z0-9_+'-]+:)/gi, `:${breaker}`)
    .replace(/^(\s*)>/gm, `$1${breaker}>`)
    .replace(/@(?=(?:channel|here|everyone)\b)/gi, `@${breaker}`);
}
