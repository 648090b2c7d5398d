import type { Found } from '../../src/operation/found';

/** What a read-only step has to say, in full. */
export interface Detail {
  readonly step: string;
  readonly summary: string;
  readonly lines: readonly string[];
  /** Path of the step, where there is more in its log. */
  readonly log?: string;
}

const stepsShown = 8;
const linesShown = 12;
/** Longest line, and of all lines together, so that a card's data stays under 4 KB. */
const lineMax = 160;
const allMax = 1_600;

/** The part of what was found that is carried with the card and approved with the plan, beside what is there already. */
export function foundOf(details: readonly Detail[], there: readonly Found[] = []): readonly Found[] {
  let rest = allMax - there.flatMap(({ lines = [] }) => lines).reduce((sum, { length }) => sum + length, 0);
  return details.slice(0, Math.max(0, stepsShown - there.length)).map(({ step, summary, lines }) => {
    const shown: string[] = [];
    for (const line of lines.slice(0, linesShown)) {
      const short = cut(line, lineMax);
      if (short.length > rest) break;
      rest -= short.length;
      shown.push(short);
    }
    return {
      step: cut(step, 120),
      summary: cut(summary, 200),
      ...(shown.length > 0 ? { lines: shown } : {}),
      ...(lines.length > shown.length ? { moreLines: lines.length - shown.length } : {}),
    };
  });
}

function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max - 1)}…` : text;
}
