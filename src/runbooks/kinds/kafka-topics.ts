import { z } from 'zod';
import { text } from '../../documents/text';
import type { StepKindSpec } from '../step-kind';

const name = text().regex(
  /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/,
  'has to be letters, digits, dots, underscores and hyphens',
);

const topic = z.strictObject({
  name,
  partitions: z.int().min(1).max(10_000).default(1),
  replication: z.int().min(1).max(100).default(3),
  /** Settings of the topic, such as `cleanup.policy`; others keep what they have. */
  config: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
});

export const kafkaTopicsWith = z
  .strictObject({
    connection: text(),
    ensure: z.array(topic).min(1).max(200).optional(),
    delete: z.array(name).min(1).max(200).optional(),
    /** Deletes topics that have or had records, too. */
    with_data: z.boolean().default(false),
  })
  .refine(
    (given) => (given.ensure === undefined) !== (given.delete === undefined),
    'has to have one of ensure and delete',
  );

export type KafkaTopicsWith = z.infer<typeof kafkaTopicsWith>;

export const kafkaTopics: StepKindSpec = {
  name: 'kafka/topics',
  doc: 'Ensures or deletes topics of Kafka. A topic that is there grows to the partitions that are asked for and gets its settings; one with more partitions or another replication is refused. Topics that hold records stay unless it says `with_data: true`. Expressions see `made`, `changed`, `deleted` and `kept`.',
  with: kafkaTopicsWith,
  tells: ['made', 'changed', 'deleted', 'kept'],
  readOnly: () => false,
  check: 'Kafka validates each change (`validateOnly`) and makes none.',
  repeat: () => 'safe',
  timeoutMs: 2 * 60_000,
  connections: (given) => [String(given.connection ?? '')],
  connectionKinds: ['kafka'],
};
