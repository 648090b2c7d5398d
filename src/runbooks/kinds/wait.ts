import { z } from 'zod';
import { text } from '../../documents/text';
import { durationText } from '../duration-text';
import { controlKind } from './control';

export const waitWith = z
  .strictObject({
    /** How long; with `window` or `signal`, how long at most. */
    for: durationText().optional(),
    /** An instant: ISO 8601 with a zone. */
    until: text().optional(),
    /** A window of the policy, until it opens. */
    window: text().optional(),
    /** A word that somebody outside says: `signalbox signal <operation> <word>`. */
    signal: text()
      .regex(/^[a-z][a-z0-9_-]{0,60}$/, 'has to be lower-case letters, digits, _ and -')
      .optional(),
  })
  .refine(
    ({ until, window, signal, for: length }) =>
      [until, window, signal].filter((given) => given !== undefined).length + (length === undefined ? 0 : 0.5) > 0 &&
      [until, window, signal].filter((given) => given !== undefined).length <= 1,
    'says one of: for, until, window, signal (the last two with "for" as the longest wait)',
  );

export const wait = controlKind({
  name: 'wait',
  control: 'wait',
  doc: 'Waits for a length of time, until an instant, until a window of the policy opens, or until somebody gives a signal. No runner is kept busy meanwhile. Expressions see `signal`, what came with it.',
  with: waitWith,
  tells: ['signal'],
});
