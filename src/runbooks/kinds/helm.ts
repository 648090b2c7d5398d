import { z } from 'zod';

/** A folder of the policy repository with a chart; its dependencies have to lie in it, since nothing is fetched. */
export const helmChart = z.string().min(1).max(200);

export const helmRelease = z
  .string()
  .regex(/^[a-z0-9](?:[-a-z0-9]{0,51}[a-z0-9])?$/, 'has to be the name of a release, such as web');

/** Replace those of the chart; data, never templates or words of a command. */
export const helmValues = z.record(z.string().min(1).max(200), z.json());
