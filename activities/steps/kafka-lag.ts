import type { Admin } from 'kafkajs';
import { kafkaLag, type KafkaLagWith } from '../../src/runbooks/kinds/kafka-lag';
import { withKafkaAdmin } from '../adapters/kafka';
import { StepFailed } from './outcomes';
import { stepKind } from './step-kind';

interface Lag {
  readonly lag: number;
  readonly records: number;
  readonly partitions: number;
}

export const runKafkaLag = stepKind<KafkaLagWith>(kafkaLag, async (context) => {
  const { given, limitMs, signal } = context;
  const connection = context.connection(given.connection, 'kafka');
  const password = connection.sasl && (await context.secret(connection.sasl.password));
  const endpoint = { connection, limitMs, signal, ...(password === undefined ? {} : { password }) };
  const told = await withKafkaAdmin(endpoint, (admin) => lagOf(admin, given));
  return { tells: { ...told }, summary: `${told.lag} of ${told.records} records are still to come` };
});

async function lagOf(admin: Admin, { group, topics }: KafkaLagWith): Promise<Lag> {
  const there = new Set(await admin.listTopics());
  const missing = topics.find((name) => !there.has(name));
  if (missing !== undefined) throw new StepFailed(`There is no topic ${missing}, so nobody can have read it.`);
  const confirmed = await admin.fetchOffsets({ groupId: group, topics: [...topics] });
  const sum = { lag: 0, records: 0, partitions: 0 };
  for (const name of topics) {
    const own = new Map(
      confirmed.find(({ topic }) => topic === name)?.partitions.map(({ partition, offset }) => [partition, offset]),
    );
    for (const { partition, low, high } of await admin.fetchTopicOffsets(name)) {
      // The group has -1 where it never confirmed anything.
      const at = Math.max(Number(own.get(partition) ?? -1), Number(low));
      sum.lag += Math.max(0, Number(high) - at);
      sum.records += Number(high);
      sum.partitions += 1;
    }
  }
  return sum;
}
