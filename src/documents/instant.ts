import type { z } from 'zod';
import { text } from './text';

/** What is wrong with an instant that `isInstant` refuses; follows its name. */
export const instantWords = 'has to be an instant with its offset from UTC, such as 2026-11-24T10:00:00Z';

const shape = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/**
 * Whether a text is an instant of ISO 8601 with its offset from UTC, on a day that the calendar has. Without an offset
 * it would be another instant on every machine, and what has only a date is none.
 */
export function isInstant(text: string): boolean {
  const [, date] = shape.exec(text) ?? [];
  if (date === undefined) return false;
  const day = new Date(`${date}T00:00:00Z`);
  // Dates roll over: the 30th of February is read as the 2nd of March.
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(date);
}

/** A text that `isInstant` takes. */
export function instant(): z.ZodString {
  return text().refine(isInstant, instantWords);
}
