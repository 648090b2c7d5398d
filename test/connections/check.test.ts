import { checkConnection } from '../../src/connections/check';
import { connectionSchema } from '../../src/connections/schema';

function problemsOf(connection: object): readonly string[] {
  const read = connectionSchema.safeParse({ connection: { name: 'db', ...connection } });
  if (!read.success) return read.error.issues.map((issue) => issue.path.join('.'));
  const found = checkConnection({
    file: 'connections/db.yaml',
    connection: read.data.connection,
    lineOf: () => 1,
  });
  return found.map(({ message }) => message);
}

const postgres = { kind: 'postgres', host: 'db.example.com', database: 'shop', user: 'signalbox' };
const kafka = { kind: 'kafka', brokers: ['kafka-1.example.com:9092'] };
const secret = { env: 'DB_PASSWORD' };

describe('a connection', () => {
  test.each([
    ['a database', postgres],
    ['a database at an address', { ...postgres, host: '::1', port: 5433, password: secret, tls: 'off' }],
    ['brokers', kafka],
    ['brokers with a password', { ...kafka, sasl: { mechanism: 'scram-sha-512', user: 'u', password: secret } }],
    ['a repository that may be written', { kind: 'git', url: 'https://git.example.com/x', write: true }],
  ])('to %s has no problem', (_, connection) => {
    expect(problemsOf(connection)).toEqual([]);
  });

  test.each([
    ['a host with a port', { ...postgres, host: 'db.example.com:5432' }, /without port/],
    ['a socket for a host', { ...postgres, host: '/var/run/postgresql' }, /host name or an address/],
    ['a URL for a host', { ...postgres, host: 'postgres://db.example.com' }, /host name or an address/],
    ['a key of another kind', { ...postgres, origin: 'https://db.example.com' }, /connection/],
    [
      'a setting of Signalbox as password',
      { ...postgres, password: { env: 'SLACK_BOT_TOKEN' } },
      /setting of Signalbox/,
    ],
    ['a broker without a port', { ...kafka, brokers: ['kafka-1'] }, /a host and a port/],
    [
      'a password in the clear',
      { ...kafka, tls: 'off', sasl: { mechanism: 'plain', user: 'u', password: secret } },
      /as it is/,
    ],
  ])('with %s is refused', (_, connection, problem) => {
    expect(problemsOf(connection)).toEqual([expect.stringMatching(problem)]);
  });
});
