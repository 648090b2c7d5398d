import type { KnownBlock } from '@slack/types';
import { isShort, isShortReason, linesOf, type Inputs } from '../operation/inputs-on-card';
import type { OperationView } from '../operation/view';
import { markup, section } from './blocks';
import { code, counted, literalParts, safe } from './text';

/** A dialog takes 100 blocks and 250,000 characters; other things have to fit besides. */
const most = { blocks: 55, text: 90_000 };
const linesEach = 15;
const linesMost = 90;

/** `2,400 characters in 60 lines` */
export function sizeOf(text: string): string {
  const lines = linesOf(text);
  return `${counted(text.length, 'character')}${lines > 1 ? ` in ${counted(lines, 'line')}` : ''}`;
}

/** A text as it was typed, line by line, cut nowhere: nothing in it is read as markup. */
export function literalBlocks(text: string): readonly KnownBlock[] {
  return literalParts(text, 2_800).map(({ shown }) => fenced(shown));
}

/**
 * Everything that was asked with, for whoever approves it: short values a line each, long ones in blocks of their own.
 * What does not fit is said, with how much it is.
 */
export function inputBlocks({
  reason,
  fields,
  inputs,
}: Pick<OperationView, 'reason' | 'fields' | 'inputs'>): KnownBlock[] {
  const all: Inputs = { ...fields, ...inputs };
  const short = Object.entries(all).filter(([name, value]) => isShort(name, value));
  const long = Object.entries(all).filter(([name, value]) => !isShort(name, value));
  const texts = [...(reason === undefined || isShortReason(reason) ? [] : [['Reason', reason] as const]), ...long];
  const lines = short.map(([name, value]) => `${code(name, 80)} ${safe(value, 500) || '(empty)'}`);
  const listed = lines.slice(0, linesMost);
  const blocks: KnownBlock[] = grouped(listed).map((group, index) =>
    section([...(index === 0 ? ['*With*'] : []), ...group]),
  );
  const { shown, left } = longBlocks(texts, most.blocks - blocks.length);
  const unsaid = [
    ...(lines.length > listed.length ? [counted(lines.length - listed.length, 'more input')] : []),
    ...(left > 0 ? [counted(left, 'more character')] : []),
  ];
  const warning = `⚠️ ${unsaid.join(' and ')} do not fit into this dialog; the thread of the card goes on. Approve only what you know.`;
  return [...blocks, ...shown, ...(unsaid.length > 0 ? [section(warning)] : [])];
}

function longBlocks(
  texts: readonly (readonly [name: string, text: string])[],
  room: number,
): { readonly shown: readonly KnownBlock[]; readonly left: number } {
  const shown: KnownBlock[] = [];
  let left = 0;
  let text = 0;
  for (const [name, value] of texts) {
    const parts = literalParts(value, 2_800);
    if (shown.length + 2 <= room && text < most.text) shown.push(section(`${code(name, 200)} _(${sizeOf(value)})_`));
    for (const part of parts) {
      text += part.shown.length;
      if (left === 0 && shown.length < room && text <= most.text) shown.push(fenced(part.shown));
      else left += part.length;
    }
  }
  return { shown, left };
}

function fenced(shown: string): KnownBlock {
  return { type: 'section', text: markup(`\`\`\`\n${shown}\n\`\`\``) };
}

function grouped(lines: readonly string[]): readonly (readonly string[])[] {
  const count = Math.ceil(lines.length / linesEach);
  return Array.from({ length: count }, (_, index) => lines.slice(index * linesEach, (index + 1) * linesEach));
}
