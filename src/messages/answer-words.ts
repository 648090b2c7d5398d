import { instant, mention, safeLines } from './text';

// Escaping breaks the colons apart, as it does with whatever could be an emoji.
const isoInstant = /\b\d{4}-\d{2}-\d{2}T\d{2}:\u200b?\d{2}:\u200b?\d{2}(?:\.\d+)?Z/g;

/**
 * Sentences of ours for one person: everything in them is escaped, instants (ISO 8601 UTC) are shown on the reader's
 * clock, and the people whom they are about are named behind them.
 */
export function answerWords(
  sentences: string,
  about: readonly string[] = [],
  options: { readonly tokens?: boolean; readonly lines?: number } = {},
): string {
  const { tokens = true, lines = 40 } = options;
  const text = safeLines(sentences, { max: 2_600, lines }).replace(isoInstant, (iso) =>
    instant(iso.replaceAll('\u200b', ''), { tokens }),
  );
  const who = about.slice(0, 10).map(mention);
  return who.length > 0 ? `${text} (${who.join(', ')})` : text;
}
