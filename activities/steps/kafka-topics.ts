import { ConfigResourceTypes, ConfigSource, type Admin, type ITopicMetadata } from 'kafkajs';
import { kafkaTopics, type KafkaTopicsWith } from '../../src/runbooks/kinds/kafka-topics';
import { withKafkaAdmin } from '../adapters/kafka';
import { StepFailed, type StepAnswer } from './outcomes';
import { stepKind, type StepContext } from './step-kind';

type Topic = NonNullable<KafkaTopicsWith['ensure']>[number];

/** `dry run`: Kafka says whether it would take each change, and takes none. */
type How = 'in earnest' | 'dry run';

export const runKafkaTopics = stepKind<KafkaTopicsWith>(
  kafkaTopics,
  (context) => work(context, 'in earnest'),
  (context) => work(context, 'dry run'),
);

async function work(context: StepContext<KafkaTopicsWith>, how: How): Promise<StepAnswer> {
  const { given, limitMs, signal } = context;
  const connection = context.connection(given.connection, 'kafka');
  const password = connection.sasl && (await context.secret(connection.sasl.password));
  const endpoint = { connection, limitMs, signal, ...(password === undefined ? {} : { password }) };
  return withKafkaAdmin(endpoint, (admin) =>
    given.ensure
      ? ensure(admin, given.ensure, how)
      : remove(admin, { names: given.delete!, withData: given.with_data, how }),
  );
}

async function ensure(admin: Admin, topics: readonly Topic[], how: How): Promise<StepAnswer> {
  const there = await topicsThere(
    admin,
    topics.map(({ name }) => name),
  );
  // All of it is refused before any of it is done.
  for (const topic of topics) refuseUnlike(topic, there.get(topic.name));
  const made = topics.filter(({ name }) => !there.has(name));
  if (made.length > 0)
    await admin.createTopics({
      validateOnly: how === 'dry run',
      waitForLeaders: how === 'in earnest',
      topics: made.map(({ name, partitions, replication, config }) => ({
        topic: name,
        numPartitions: partitions,
        replicationFactor: replication,
        configEntries: entriesOf(config),
      })),
    });
  const changed: string[] = [];
  for (const topic of topics.filter(({ name }) => there.has(name)))
    if (await adjust(admin, { topic, partitions: there.get(topic.name)!.partitions.length, how }))
      changed.push(topic.name);
  const would = how === 'dry run' ? 'would be ' : '';
  const summary = `${would}${made.length} made, ${changed.length} changed, ${topics.length - made.length - changed.length} as they were`;
  return { tells: { made: made.map(({ name }) => name), changed, deleted: [], kept: [] }, summary };
}

async function topicsThere(admin: Admin, names: readonly string[]): Promise<ReadonlyMap<string, ITopicMetadata>> {
  const all = new Set(await admin.listTopics());
  const known = names.filter((name) => all.has(name));
  // Without names it would tell of every topic there is.
  if (known.length === 0) return new Map();
  const { topics } = await admin.fetchTopicMetadata({ topics: known });
  return new Map(topics.map((topic) => [topic.name, topic]));
}

function refuseUnlike(topic: Topic, there: ITopicMetadata | undefined): void {
  if (!there) return;
  const partitions = there.partitions.length;
  const replication = there.partitions[0]?.replicas.length ?? topic.replication;
  if (partitions > topic.partitions)
    throw new StepFailed(
      `The topic ${topic.name} has ${partitions} partitions and ${topic.partitions} are asked for; Kafka can only add some.`,
    );
  if (replication !== topic.replication)
    throw new StepFailed(
      `The topic ${topic.name} has ${replication} replicas and ${topic.replication} are asked for; moving replicas is not for this step.`,
    );
}

async function adjust(
  admin: Admin,
  { topic, partitions, how }: { readonly topic: Topic; readonly partitions: number; readonly how: How },
): Promise<boolean> {
  const { name, config } = topic;
  const grows = partitions < topic.partitions;
  const validateOnly = how === 'dry run';
  if (grows)
    await admin.createPartitions({ validateOnly, topicPartitions: [{ topic: name, count: topic.partitions }] });
  const wanted = new Map(entriesOf(config).map((entry) => [entry.name, entry.value]));
  if (wanted.size === 0) return grows;
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name }],
  });
  const entries = resources[0]?.configEntries ?? [];
  if (
    [...wanted].every(([key, value]) =>
      entries.some((entry) => entry.configName === key && entry.configValue === value),
    )
  )
    return grows;
  // The request replaces all of a topic's own settings, so those that are not asked for are said again.
  const own = entries.filter(({ configSource }) => configSource === ConfigSource.TOPIC_CONFIG);
  const all = new Map([...own.map(({ configName, configValue }) => [configName, configValue] as const), ...wanted]);
  await admin.alterConfigs({
    validateOnly,
    resources: [
      { type: ConfigResourceTypes.TOPIC, name, configEntries: [...all].map(([key, value]) => ({ name: key, value })) },
    ],
  });
  return true;
}

async function remove(
  admin: Admin,
  { names, withData, how }: { readonly names: readonly string[]; readonly withData: boolean; readonly how: How },
): Promise<StepAnswer> {
  const there = [...(await topicsThere(admin, names)).keys()];
  const kept: string[] = [];
  if (!withData)
    for (const name of there) {
      const offsets = await admin.fetchTopicOffsets(name);
      if (offsets.some(({ high }) => high !== '0')) kept.push(name);
    }
  const deleted = there.filter((name) => !kept.includes(name));
  if (deleted.length > 0 && how === 'in earnest') await admin.deleteTopics({ topics: deleted });
  const stays = kept.length > 0 ? `, ${kept.length} with records stay` : '';
  return {
    tells: { made: [], changed: [], deleted, kept },
    summary: `${deleted.length} ${how === 'dry run' ? 'would be deleted' : 'deleted'}${stays}`,
  };
}

function entriesOf(config: Topic['config']): { name: string; value: string }[] {
  return Object.entries(config ?? {}).map(([name, value]) => ({ name, value: String(value) }));
}
