/** One word as typed; a quoted part counts as one word. */
export interface Word {
  /** Quotes and escapes resolved. A Slack mention is its id. */
  readonly text: string;
  /** The same for reading: a Slack mention is its name, and pings nobody. */
  readonly prose: string;
  /** Whole word was in quotes: it is a value, never a keyword or a flag. */
  readonly quoted: boolean;
  /** Where the first `=` outside of quotes stands in `text`. */
  readonly equals?: number;
  /** Offsets in the text that was split. */
  readonly start: number;
  readonly end: number;
}

export type Split =
  { readonly ok: true; readonly words: readonly Word[] } | { readonly ok: false; readonly problem: string };

const doubles = '"“”„‟«»＂';
const singles = "'‘’‚‛`";
const loneSurrogate = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Text that every later hop (JSON, gRPC, Git) carries unchanged: half a surrogate pair becomes U+FFFD. */
export function wellFormed(text: string): string {
  return text.replace(loneSurrogate, '\ufffd');
}

/**
 * Splits what was typed into words. Takes straight and curly quotes; a closing quote counts only before a space or the
 * end, so that `'it's broken'` is one value. `escaped` says that Slack escaped the text (`&amp;`, `<@U1|ann>`).
 */
export function splitWords(asked: { readonly text: string; readonly escaped: boolean }): Split {
  const words: Word[] = [];
  const { text } = asked;
  let at = 0;
  while (at < text.length) {
    if (isSpace(text[at])) {
      at += 1;
      continue;
    }
    const word = readWord(text, at, asked.escaped);
    if (word === undefined)
      return { ok: false, problem: `The quote that opens at ${excerpt(text.slice(at))} is never closed; close it.` };
    words.push(word);
    at = word.end;
  }
  return { ok: true, words };
}

interface Reading {
  text: string;
  prose: string;
  equals?: number;
}

function readWord(source: string, start: number, escaped: boolean): Word | undefined {
  const read: Reading = { text: '', prose: '' };
  let loose = false;
  let at = start;
  while (at < source.length && !isSpace(source[at])) {
    const opens = at === start || (read.equals === read.text.length - 1 && source[at - 1] === '=');
    const quotes = opens ? quoteClass(source[at]) : undefined;
    if (quotes !== undefined) {
      const before = { ...read };
      const next = readQuoted(source, at + 1, { quotes, escaped, into: read });
      if (next === undefined && quotes === doubles) return undefined;
      if (next !== undefined) {
        at = next;
        continue;
      }
      // An apostrophe that opens nothing ('tis) is a letter.
      Object.assign(read, before);
      loose = true;
    }
    if (source[at] === '=' && read.equals === undefined) read.equals = read.text.length;
    at = take(source, at, escaped, read);
  }
  return { ...read, quoted: !loose && quoteClass(source[start]) !== undefined, start, end: at };
}

/** Reads up to the closing quote; gives the offset behind it, or nothing when there is none. */
function readQuoted(
  source: string,
  start: number,
  how: { readonly quotes: string; readonly escaped: boolean; readonly into: Reading },
): number | undefined {
  let at = start;
  while (at < source.length) {
    const char = source[at]!;
    const next = source[at + 1];
    if (char === '\\' && next !== undefined && (next === '\\' || quoteClass(next) !== undefined)) {
      how.into.text += next;
      how.into.prose += next;
      at += 2;
    } else if (how.quotes.includes(char) && (next === undefined || isSpace(next))) {
      return at + 1;
    } else {
      at = take(source, at, how.escaped, how.into);
    }
  }
  return undefined;
}

const entities: { readonly [entity: string]: string } = { '&amp;': '&', '&lt;': '<', '&gt;': '>' };

/** Takes one character, or one piece of Slack's markup; gives the offset behind it. */
function take(source: string, at: number, escaped: boolean, into: Reading): number {
  const rest = escaped ? source.slice(at, at + 3_100) : '';
  const entity = /^&(?:amp|lt|gt);/.exec(rest)?.[0];
  const markup = entity === undefined ? /^<([^<>]+)>/.exec(rest) : null;
  if (entity !== undefined) {
    into.text += entities[entity]!;
    into.prose += entities[entity]!;
    return at + entity.length;
  }
  if (markup !== null) {
    const meant = meaningOf(markup[1]!);
    into.text += meant.id;
    into.prose += meant.label;
    return at + markup[0].length;
  }
  into.text += source[at]!;
  into.prose += source[at]!;
  return at + 1;
}

/** `<@U1|ann>` is U1 where an id is wanted and @ann where people read; `<!channel>` is plain text in both. */
function meaningOf(markup: string): { readonly id: string; readonly label: string } {
  const [target = '', label] = [
    markup.split('|')[0],
    markup.includes('|') ? markup.slice(markup.indexOf('|') + 1) : '',
  ];
  const shownLabel = unescape(label);
  if (target.startsWith('@'))
    return { id: target.slice(1), label: `@${(shownLabel || target.slice(1)).replace(/^@/, '')}` };
  if (target.startsWith('#'))
    return { id: target.slice(1), label: `#${(shownLabel || target.slice(1)).replace(/^#/, '')}` };
  if (target.startsWith('!subteam^')) return { id: target.slice('!subteam^'.length), label: shownLabel || '@group' };
  if (target.startsWith('!')) return { id: `@${target.slice(1)}`, label: shownLabel || `@${target.slice(1)}` };
  const shown = shownLabel || unescape(target).replace(/^mailto:/, '');
  return { id: shown, label: shown };
}

/** The text as people read it: Slack's escapes and markup resolved once, so that it pings nobody. */
export function readable(text: string, escaped: boolean): string {
  const read: Reading = { text: '', prose: '' };
  for (let at = 0; at < text.length;) at = take(text, at, escaped, read);
  return read.prose;
}

function unescape(text: string): string {
  return text.replace(/&(?:amp|lt|gt);/g, (entity) => entities[entity]!);
}

function quoteClass(char: string | undefined): string | undefined {
  if (char === undefined) return undefined;
  return [doubles, singles].find((each) => each.includes(char));
}

function isSpace(char: string | undefined): boolean {
  return char !== undefined && /\s/.test(char);
}

/** Writes a value so that splitting gives it back. */
export function quote(value: string): string {
  return `"${value.replace(/["“”„‟«»＂'‘’‚‛`\\]/g, '\\$&')}"`;
}

/** At most 40 characters, for use in a sentence. */
export function excerpt(text: string): string {
  const points = Array.from(text.replace(/\s+/g, ' ').trim());
  return points.length > 40 ? `${points.slice(0, 39).join('')}…` : points.join('');
}
