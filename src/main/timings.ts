import { z } from 'zod';
import { defaultTimings, type OperationTimings } from '../../workflows/contract';
import { Refusal } from '../errors';

const millis = z.number().int().positive();
const shape = z.strictObject(
  Object.fromEntries(Object.keys(defaultTimings).map((name) => [name, millis.optional()])) as Record<
    keyof OperationTimings,
    z.ZodOptional<typeof millis>
  >,
);

/** The default waits with those of the setting TIMINGS (JSON, ms) laid over them. */
export function readTimings(setting: string | undefined): OperationTimings {
  if (setting === undefined) return defaultTimings;
  try {
    return { ...defaultTimings, ...shape.parse(JSON.parse(setting)) } as OperationTimings;
  } catch (error) {
    throw new Refusal(
      'setting_invalid',
      `TIMINGS must be JSON with milliseconds for any of ${Object.keys(defaultTimings).join(', ')}; correct it or leave it out.`,
      { cause: error },
    );
  }
}
