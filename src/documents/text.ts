import { z } from 'zod';

/** A text that is not empty. Wherever a schema wants text, `1.10`, `0123` and `12e4567` stay what was typed. */
export function text(): z.ZodString {
  return z.string().trim().min(1);
}
