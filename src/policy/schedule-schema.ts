import { z } from 'zod';
import { text } from '../documents/text';
import { clock, day, duration, userId } from './schema-words';

const localTime = text().regex(
  /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2})?$/,
  'has to be a day or a day and time such as 2026-12-24T09:00',
);

/** `oncall/<name>.yaml`: who is on call when. */
export const scheduleSchema = z.strictObject({
  timezone: text(),
  /** One after the other, and from the beginning again. */
  rotation: z.array(userId).min(1).max(100),
  /** The first shift begins at the first handoff on or after this day. */
  start: day,
  /** `day` only where `length` is whole weeks. */
  handoff: z.strictObject({ day: text().optional(), at: clock }).optional(),
  /** Whole days, or hours that divide a day. */
  length: duration,
  /** Swaps and holidays; of several at one time the last one listed counts. */
  overrides: z
    .array(z.strictObject({ from: localTime, until: localTime, who: userId }))
    .max(500)
    .optional(),
});

export type ScheduleDocument = z.infer<typeof scheduleSchema>;
