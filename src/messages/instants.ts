import { instantWords } from '../policy/context';
import { safe } from './text';

/** `Mon 4 Jan 2027 00:00 (Europe/Berlin)`, as sentences of the policy say an instant. */
const spoken = /\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (\d{1,2} [A-Z][a-z]{2,3} \d{4} \d{2}:\d{2}) \(([\w/+-]{1,40})\)/g;
/** Stands for an instant while the text around it is made safe; nobody types it in good faith. */
const mark = '\ue000';

/**
 * Somebody else's sentence on one line, safe for markup, with the instants that policy says in it in the reader's own
 * time zone. Where Slack does not draw those, its words stay.
 */
export function safeWithInstants(
  text: string,
  { max, tokens = true }: { readonly max: number; readonly tokens?: boolean },
): { readonly text: string; readonly instants: readonly number[] } {
  if (!tokens) return { text: safe(text, max), instants: [] };
  const found: { readonly at: number; readonly words: string }[] = [];
  const marked = text.replaceAll(mark, '').replace(spoken, (words: string, wall: string, zone: string) => {
    const at = instantOf(words, { wall, zone });
    if (at === undefined) return words;
    found.push({ at, words });
    return mark;
  });
  const drawn = found[Symbol.iterator]();
  const shown = safe(marked, max).replaceAll(mark, () => token(drawn.next().value!));
  return { text: shown, instants: found.map(({ at }) => at) };
}

function token({ at, words }: { readonly at: number; readonly words: string }): string {
  return `<!date^${Math.floor(at / 1000)}^{date_short_pretty} {time}|${words}>`;
}

/** ms; undefined unless these are exactly the words for it. */
function instantOf(
  words: string,
  { wall, zone }: { readonly wall: string; readonly zone: string },
): number | undefined {
  const shown = Date.parse(`${wall.replace('Sept', 'Sep')} UTC`);
  try {
    // Zones are at most 14 hours ahead of UTC and 12 behind it, in quarters of an hour.
    for (let ahead = -12 * 4; ahead <= 14 * 4; ahead++) {
      const at = shown - ahead * 900_000;
      if (instantWords(new Date(at), zone) === words) return at;
    }
  } catch {
    // No time zone, so these are words of somebody else.
  }
  return undefined;
}
