import { z } from 'zod';
import { text } from '../../documents/text';
import type { StepKindSpec } from '../step-kind';

const topic = text().regex(
  /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/,
  'has to be letters, digits, dots, underscores and hyphens',
);

export const kafkaLagWith = z.strictObject({
  connection: text(),
  group: text().max(249),
  topics: z.array(topic).min(1).max(200),
});

export type KafkaLagWith = z.infer<typeof kafkaLagWith>;

export const kafkaLag: StepKindSpec = {
  name: 'kafka/lag',
  doc: 'Asks how many records of some topics a consumer group has not confirmed; the group of a connector of Kafka Connect is `connect-` and its name. Records of a partition that the group never confirmed count all. A topic that is not there fails the step. Expressions see `lag`, `records` (all that were ever written) and `partitions`.',
  with: kafkaLagWith,
  tells: ['lag', 'records', 'partitions'],
  readOnly: () => true,
  repeat: () => 'safe',
  timeoutMs: 60_000,
  connections: (given) => [String(given.connection ?? '')],
  connectionKinds: ['kafka'],
};
