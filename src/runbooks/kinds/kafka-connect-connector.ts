import { z } from 'zod';
import { secretReference } from '../../connections/schema';
import { text } from '../../documents/text';
import { parseDuration } from '../duration';
import type { StepKindSpec } from '../step-kind';

const duration = text().refine((given) => parseDuration(given) !== undefined, 'has to be a duration such as 30s or 2h');

export const kafkaConnectConnectorWith = z
  .strictObject({
    connection: text(),
    name: text().regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/,
      'has to be letters, digits, dots, underscores and hyphens',
    ),
    config: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
    /** Settings whose values the runner reads. */
    secrets: z.record(z.string(), secretReference).optional(),
    delete: z.literal(true).optional(),
    /** Whose connector may be deleted: one that this operation made, or whatever has the name. */
    of: z.enum(['operation', 'anyone']).default('operation'),
    /** How long to wait at most. */
    for: duration.default('5m'),
    every: duration.optional(),
  })
  .refine(
    (given) => (given.config === undefined) !== (given.delete === undefined),
    'has to have one of config and delete',
  );

export type KafkaConnectConnectorWith = z.infer<typeof kafkaConnectConnectorWith>;

export const kafkaConnectConnector: StepKindSpec = {
  name: 'kafka-connect/connector',
  doc: 'Puts a connector into Kafka Connect and waits until it and all its tasks are RUNNING; a task that failed fails the step with its trace. Or deletes one, if this operation made it. RUNNING does not mean that data flows: watch an offset or a slot as well. Expressions see `state`, `tasks` and `made`.',
  with: kafkaConnectConnectorWith,
  tells: ['state', 'tasks', 'made'],
  literal: ['secrets'],
  readOnly: () => false,
  repeat: () => 'safe',
  timeoutMs: 60_000,
  pollForMs: (given) => parseDuration(String(given.for ?? '5m')),
  connections: (given) => [String(given.connection ?? '')],
};
