import type { KnownBlock } from '@slack/types';
import { section, type Message } from './blocks';
import { counted, safe, safeLines } from './text';

/** Slack takes 50 blocks, and refuses a message whose blocks have more than some 13,000 characters together. */
const most = { blocks: 45, each: 2_800, all: 11_500 };

/**
 * Lines of text, a section for each that is not indented with those below it, as far as one message takes them; what
 * has to be left out is said, with what to do about it. Everything in them is escaped.
 */
export function linesMessage(lines: readonly string[], instead: string): Message {
  const shown = lines.map(escaped);
  const sections: string[][] = [];
  let all = 0;
  let left = lines.length;
  const isShort = lines.filter(begins).length <= most.blocks;
  for (const [index, line] of shown.entries()) {
    all += line.length + 1;
    const last = sections.at(-1);
    const fits = last !== undefined && lengthOf(last) + line.length < most.each;
    const isOwn = isShort && begins(lines[index]!);
    if (all > most.all || ((!fits || isOwn) && sections.length >= most.blocks)) break;
    if (fits && !isOwn) last.push(line);
    else sections.push([line]);
    left -= 1;
  }
  const rest = `… ${counted(left, 'more line')} ${left === 1 ? 'does' : 'do'} not fit into one Slack message; ${instead}`;
  const blocks: KnownBlock[] = [
    ...sections.map((each) => section(each)),
    ...(left > 0 ? [section(safe(rest, 500))] : []),
  ];
  return { text: safeLines(lines.join('\n'), { max: 2_800, lines: 60 }), blocks };
}

const begins = (line: string): boolean => !line.startsWith(' ');

function escaped(line: string): string {
  const [indent = ''] = /^ */.exec(line) ?? [];
  return `${indent.slice(0, 20)}${safe(line, 2_700)}`;
}

function lengthOf(lines: readonly string[]): number {
  return lines.reduce((sum, { length }) => sum + length + 1, 0);
}
