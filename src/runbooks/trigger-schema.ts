import { z } from 'zod';
import { text } from '../documents/text';

/** The shapes of `on:` in a runbook: what starts it without anybody asking. What they mean is checked by `triggerProblems`. */

/** What every trigger says: who answers for it, and what the runbook is given. */
const common = {
  /** A team of the policy: whom people turn to about what nobody asked for. */
  owner: text(),
  inputs: z.record(z.string(), z.json()).optional(),
};

export const scheduleTriggerSchema = z.strictObject({
  ...common,
  /** Minute, hour, day of the month, month, day of the week. */
  cron: text().optional(),
  /** Instead of `cron`. */
  every: text().optional(),
  /** Of `cron`; the policy's own where it is absent. */
  timezone: text().optional(),
  /** It starts up to so much later, so that not everything starts at once. */
  jitter: text().optional(),
  /** What becomes of a run whose time comes while the one before is under way. */
  overlap: z.enum(['skip', 'buffer', 'all']).optional(),
});

/** How often what happens may start it. */
const often = {
  /** Expression over the event: what has the same key is the same matter. */
  key: text().optional(),
  /** How long after a start the same matter starts nothing more. */
  cooldown: text().optional(),
  /** Starts in 24 hours, whatever the key. */
  per_day: z.int().min(1).max(1_000).optional(),
};

const labelName = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'has to be the name of a label');

export const alertTriggerSchema = z.strictObject({
  ...common,
  ...often,
  /** Labels that the alert has to have, with these values. */
  match: z.record(labelName, text()),
});

export const metricTriggerSchema = z.strictObject({
  ...common,
  ...often,
  /** Of the policy's `metrics`. */
  metric: text().optional(),
  /** Instead of `metric`, with `query` and `unit`. */
  connection: text().optional(),
  query: text().max(4_000).optional(),
  unit: z.enum(['ratio', 'percent', 's', 'ms', 'count', 'bytes']).optional(),
  /** Criterion that a value meets while there is something to do. */
  is: text(),
  /** How long it has to hold without a break. */
  for: text(),
  /** Time between two looks. */
  every: text().optional(),
  /** The runner pool that looks. */
  'runs-on': text().optional(),
  /** Where people hear that the watch is blind; where policy is told if it is absent. */
  channel: text().optional(),
});

export const pushTriggerSchema = z.strictObject({
  ...common,
  ...often,
  /** Connection of a Git repository; the policy repository where it is absent. */
  repository: text().optional(),
  /** Names of branches, or patterns of them: `main`, `release/*`. */
  branches: z.array(text()).min(1).max(50),
  /** Patterns of files: it starts where one of them changed. */
  paths: z.array(text()).min(1).max(200).optional(),
  /** Time between two looks. */
  every: text().optional(),
  /** Where people hear that the watch is blind; where policy is told if it is absent. */
  channel: text().optional(),
});

export const webhookTriggerSchema = z.strictObject({
  ...common,
  ...often,
  /** Condition over the event: where it does not hold, nothing starts. */
  if: text().optional(),
});

export const triggersSchema = z.strictObject({
  push: pushTriggerSchema.optional(),
  schedule: scheduleTriggerSchema.optional(),
  alert: alertTriggerSchema.optional(),
  metric: metricTriggerSchema.optional(),
  webhook: webhookTriggerSchema.optional(),
});

export type PushTrigger = z.infer<typeof pushTriggerSchema>;
export type ScheduleTrigger = z.infer<typeof scheduleTriggerSchema>;
export type AlertTrigger = z.infer<typeof alertTriggerSchema>;
export type MetricTrigger = z.infer<typeof metricTriggerSchema>;
export type WebhookTrigger = z.infer<typeof webhookTriggerSchema>;
export type Triggers = z.infer<typeof triggersSchema>;
export type TriggerName = keyof Triggers;
