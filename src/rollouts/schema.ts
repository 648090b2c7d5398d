import { z } from 'zod';
import { text } from '../documents/text';

const stage = z.strictObject({
  name: text().max(60),
  /** Share of the service that runs the new version after this stage: `5%`. */
  target: text(),
  /** How long the stage is watched before the next one. */
  duration: text().optional(),
  success_criteria: z.record(z.string(), text()).optional(),
  /** How long it is watched after the last stage, while the lane is held as watching. */
  monitoring_period: text().optional(),
});

/** The shape of `deployments/<name>.yaml`: staged delivery with success criteria per stage. */
export const rolloutSchema = z.strictObject({
  deployment: z.strictObject({
    name: text(),
    service: text().optional(),
    /** Single-key maps: `database_migration: v2.3.0`. */
    prerequisites: z.array(z.record(z.string(), z.union([text(), z.json()]))).optional(),
    stages: z.array(stage).min(1).max(30),
  }),
});

export type Rollout = z.infer<typeof rolloutSchema>['deployment'];
export type RolloutStage = z.infer<typeof stage>;
