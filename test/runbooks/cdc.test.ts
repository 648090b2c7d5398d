import { formatProblem, readDocument } from '../../src/documents/read-yaml';
import type { AnyConnection } from '../../src/connections/schema';
import { checkRunbook } from '../../src/runbooks/check';
import { compilePlan } from '../../src/runbooks/compile';
import { runbookSchema } from '../../src/runbooks/schema';
import { requestOf } from './request';

const text = `
name: cdc-pipeline
inputs:
  database: { type: connection, kind: postgres }
  pipeline: { type: string, pattern: '[a-z][a-z0-9_]{1,40}' }
  tables: { type: list, items: { type: string, pattern: '[a-z_]+\\.[a-z_]+' }, min: 1 }
steps:
  - { id: wal, uses: postgres/logical-replication, with: { connection: '\${{ inputs.database }}', ensure: wal_level } }
  - id: user
    uses: postgres/logical-replication
    with: { connection: '\${{ inputs.database }}', ensure: user, name: 'cdc_\${{ inputs.pipeline }}', password: { env: CDC_PASSWORD } }
    undo: { uses: postgres/logical-replication, with: { connection: '\${{ inputs.database }}', drop: user, name: 'cdc_\${{ inputs.pipeline }}' } }
  - id: publication
    uses: sql/execute
    with:
      connection: '\${{ inputs.database }}'
      statement: create publication {pub} for table {tables}
      names: { pub: 'pub_\${{ inputs.pipeline }}', tables: '\${{ inputs.tables }}' }
    find:
      with: { query: 'select 1 from pg_publication where pubname = :p', params: { p: 'pub_\${{ inputs.pipeline }}' } }
      found: size(rows) > 0
    undo:
      uses: sql/execute
      with: { connection: '\${{ inputs.database }}', statement: 'drop publication if exists {pub}', names: { pub: 'pub_\${{ inputs.pipeline }}' } }
  - id: slot
    uses: postgres/logical-replication
    with: { connection: '\${{ inputs.database }}', ensure: slot, name: 'slot_\${{ inputs.pipeline }}' }
    undo: { uses: postgres/logical-replication, with: { connection: '\${{ inputs.database }}', drop: slot, name: 'slot_\${{ inputs.pipeline }}' } }
  - id: topics
    uses: foreach
    with: { in: '\${{ inputs.tables }}', as: table }
    steps:
      - id: topic
        uses: kafka/topics
        with: { connection: events, ensure: [{ name: '\${{ inputs.pipeline }}.\${{ table }}', partitions: 3 }] }
        undo: { uses: kafka/topics, with: { connection: events, delete: ['\${{ inputs.pipeline }}.\${{ table }}'] } }
      - id: rows
        uses: sql/query
        with: { connection: '\${{ inputs.database }}', query: 'select count(*) as n from {t}', names: { t: '\${{ table }}' } }
  - id: source
    uses: kafka-connect/connector
    with:
      connection: connect
      name: 'src-\${{ inputs.pipeline }}'
      config: { connector.class: io.debezium.connector.postgresql.PostgresConnector }
      secrets: { database.password: { env: CDC_PASSWORD } }
    undo: { uses: kafka-connect/connector, with: { connection: connect, name: 'src-\${{ inputs.pipeline }}', delete: true } }
  - id: caught_up
    uses: postgres/logical-replication
    with: { connection: '\${{ inputs.database }}', wait: lsn, name: 'slot_\${{ inputs.pipeline }}', within: 16777216, every: 30s, for: 24h }
`;

const connections: { readonly [name: string]: AnyConnection } = {
  shop: {
    name: 'shop',
    kind: 'postgres',
    host: 'db.example.com',
    port: 5432,
    database: 'shop',
    user: 'u',
    tls: 'verify',
  },
  events: { name: 'events', kind: 'kafka', brokers: ['kafka.example.com:9092'], tls: 'verify' },
  connect: { name: 'connect', kind: 'http', origin: 'https://connect.example.com' },
};

describe('a pipeline that captures changes of a database', () => {
  const file = 'runbooks/cdc-pipeline.yaml';
  const document = readDocument({ file, text, schema: runbookSchema });
  if (!document.ok) throw new Error(document.problems.map(formatProblem).join('\n'));
  const { value: runbook, lineOf } = document;

  it('can be written as a runbook', () => {
    const library = {
      connections: new Map(Object.values(connections).map(({ name, kind }) => [name, kind])),
      runbooks: new Map(),
      actions: new Map(),
    };
    expect(checkRunbook({ file, runbook, library, lineOf }).map(formatProblem)).toEqual([]);
  });

  it('has the database that was asked for in every step of its plan, those inside others included', () => {
    const inputs = { database: 'shop', pipeline: 'orders', tables: ['public.orders'] };
    const compiled = compilePlan({
      request: { ...requestOf(), inputs },
      policyCommit: 'c'.repeat(40),
      service: {},
      environment: {},
      work: { kind: 'runbook', runbook },
      resolve: {},
      connections,
      metrics: {},
      sources: [],
      watchMs: 0,
    });
    if (!compiled.ok) throw new Error(compiled.problems.join('\n'));
    expect(Object.keys(compiled.plan.connections)).toEqual(['connect', 'events', 'shop']);
    expect(JSON.stringify(compiled.plan.steps)).not.toContain('inputs.database');
  });
});
