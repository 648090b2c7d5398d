import type { z } from 'zod';
import { text } from '../documents/text';
import { parseDuration } from './duration';

/** A length of time in a step's `with`: `30s`, `1h30m`. */
export function durationText(): z.ZodString {
  return text().refine((given) => parseDuration(given) !== undefined, 'has to be a duration such as 30s or 2h');
}
