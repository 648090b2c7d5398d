import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastLines, onPath, run } from './run.mjs';
import { say } from './say.mjs';

const KAFKA = '4.1.1';
const DEBEZIUM = '3.3.1.Final';

const brokers = [
  ...['kafka_2.13', 'kafka-tools', 'connect-runtime', 'connect-json', 'connect-transforms'].map(
    (artifact) => `org.apache.kafka:${artifact}:${KAFKA}`,
  ),
  'org.slf4j:slf4j-simple:1.7.36',
];
const connectors = [`io.debezium:debezium-connector-postgres:${DEBEZIUM}`];
const sinks = [`io.debezium:debezium-connector-jdbc:${DEBEZIUM}`];
/** Drivers of databases that no test uses, and what Connect brings itself: a second copy of it is another library. */
const unneeded = [
  ...['ojdbc11', 'mssql-jdbc', 'mysql-connector-j', 'mariadb-java-client'],
  ...['jackson-core', 'jackson-databind', 'jackson-annotations'],
];

/** Folder with the jars of Kafka and Connect (`lib`) and of Debezium (`plugins`), made with Maven once; or undefined. */
export async function makeKafka(tools) {
  const folder = join(tools, `kafka-${KAFKA}-${DEBEZIUM}-jdbc`);
  if (existsSync(folder)) return folder;
  const maven = onPath('mvn');
  if (!maven || !onPath('java')) return undefined;
  say('Getting Kafka and Debezium from Maven Central (about 30 s, once).');
  const aside = `${folder}.${process.pid}`;
  try {
    for (const [place, artifacts, without = []] of [
      ['lib', brokers],
      ['plugins/debezium', connectors],
      ['plugins/debezium-jdbc', sinks, unneeded],
    ])
      if (!(await copyJars(maven, { folder: join(aside, place), artifacts, without }))) return undefined;
    renameSync(aside, folder);
    return folder;
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

async function copyJars(maven, { folder, artifacts, without }) {
  mkdirSync(folder, { recursive: true });
  const pom = join(folder, 'pom.xml');
  writeFileSync(pom, pomOf(artifacts));
  const args = [
    '-q',
    '-B',
    '-f',
    pom,
    'dependency:copy-dependencies',
    `-DoutputDirectory=${folder}`,
    '-DincludeScope=runtime',
    ...(without.length > 0 ? [`-DexcludeArtifactIds=${without.join(',')}`] : []),
  ];
  const result = await run(maven, args);
  if (result.code !== 0) say(`Maven could not get them:\n${lastLines(result, 3)}`);
  return result.code === 0 && readdirSync(folder).some((name) => name.endsWith('.jar'));
}

function pomOf(artifacts) {
  const dependencies = artifacts.map((artifact) => {
    const [group, name, version] = artifact.split(':');
    return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;
  });
  return `<project><modelVersion>4.0.0</modelVersion><groupId>signalbox</groupId><artifactId>tools</artifactId>
<version>1</version><packaging>pom</packaging><dependencies>${dependencies.join('\n')}</dependencies></project>`;
}
