import type { KnownBlock } from '@slack/types';
import { isOver, type OperationView } from '../operation/view';
import { section } from './blocks';
import { code, fit, plain, safe } from './text';

/** A card is read on a phone: the rest is in its thread and in the dialog of whoever approves. */
const linesOnCard = 5;

/** What the read-only steps found, for the card while it is not over: a head, a line a step, and the first lines of each. */
export function foundLines(view: OperationView): string[] {
  const { found = [] } = view;
  if (found.length === 0 || isOver(view)) return [];
  const steps = found.flatMap(({ step, summary, lines = [], moreLines = 0 }) => {
    const shown = lines.slice(0, linesOnCard).map((line) => `\u2003${code(line, 200)}`);
    const hidden = lines.length - shown.length + moreLines;
    return [
      `🔎 ${safe(step, 120)}: ${safe(summary, 200)}`,
      ...shown,
      ...(hidden > 0 ? [`\u2003… and ${hidden} more in the thread`] : []),
    ];
  });
  return [view.isCheck ? '*What the dry run found*' : '*Found before anybody was asked*', ...steps];
}

/** The same for whoever is about to approve it, with every line that is bound to the plan. */
export function foundBlocks({ found = [] }: OperationView): KnownBlock[] {
  return found.flatMap(({ step, summary, lines = [], moreLines = 0 }) => [
    section(`🔎 *${safe(step, 120)}*: ${safe(summary, 200)}`),
    ...outputBlocks([...lines, ...(moreLines > 0 ? [`… and ${moreLines} more in the thread`] : [])]),
  ]);
}

/** Lines that a program said, as they are: nothing in them is read as markup. */
export function outputBlocks(lines: readonly string[]): KnownBlock[] {
  const shown = lines
    .flatMap((line) => plain(line).split('\n'))
    .slice(0, 60)
    .map((line) => code(line.replace(/\s+$/, '') || ' ', 300).slice(1, -1));
  if (shown.length === 0) return [];
  return [{ type: 'section', text: { type: 'mrkdwn', text: `\`\`\`\n${fit(shown, 2800)}\n\`\`\``, verbatim: true } }];
}
