import dns from 'node:dns/promises';
import { addressOf, isAddressAllowed } from '../../activities/adapters/address-guard';
import { attemptOf, failureOf } from './attempt';
import { Endpoint } from './endpoint';

describe('the address that a connection ends at', () => {
  test.each([
    ['cmdb.example.com', '10.1.2.3', true],
    ['cmdb.example.com', '203.0.113.7', true],
    ['cmdb.example.com', '2001:db8::7', true],
    ['cmdb.example.com', '127.0.0.1', false],
    ['cmdb.example.com', '0.0.0.0', false],
    ['cmdb.example.com', '169.254.169.254', false],
    ['cmdb.example.com', '::ffff:169.254.169.254', false],
    ['cmdb.example.com', '::ffff:127.0.0.1', false],
    ['cmdb.example.com', '64:ff9b::a9fe:a9fe', false],
    ['cmdb.example.com', '::1', false],
    ['cmdb.example.com', '::', false],
    ['cmdb.example.com', 'fe80::1', false],
    ['cmdb.example.com', 'fd00:ec2::254', false],
    ['cmdb.example.com', '100.100.100.200', false],
    ['cmdb.example.com', '224.0.0.1', false],
    ['cmdb.example.com', 'nonsense', false],
    ['cmdb.example.com', '', false],
    ['localhost', '127.0.0.1', true],
    ['localhost', '::1', true],
    ['localhost', '10.0.0.1', false],
    ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.1', '::ffff:127.0.0.1', true],
    ['127.0.0.1', '127.0.0.2', false],
    ['10.0.0.1', '169.254.169.254', false],
  ])('%s at %s: %s', (host, address, allowed) => {
    expect(isAddressAllowed(host, address)).toBe(allowed);
  });

  it('is the origin itself when the origin is an address', async () => {
    expect(await addressOf('192.0.2.1')).toBe('192.0.2.1');
  });

  it('is looked up for localhost, and is on this machine', async () => {
    expect(['127.0.0.1', '::1']).toContain(await addressOf('localhost'));
  });
});

describe('a name that leads elsewhere than its connection means', () => {
  const api = new Endpoint();
  const step = { id: 'x', uses: 'http/request', with: { connection: 'api', path: '/x' } };
  const answers = (...addresses: string[]) =>
    jest.spyOn(dns, 'lookup').mockResolvedValue(addresses.map((address) => ({ address, family: 4 })) as never);
  beforeAll(() => api.start());
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => api.stop());

  test.each([[['127.0.0.1']], [['203.0.113.7', '127.0.0.1']]])('is never connected to: %j', async (addresses) => {
    answers(...addresses);
    const failure = await failureOf(api.origin.replace('127.0.0.1', 'rebind.example'), { step });
    expect(failure).toMatchObject({ type: 'StepFailed', message: expect.stringContaining('never allowed') });
    expect(api.seen).toEqual([]);
  });

  it('is looked up once, and the request goes to that address', async () => {
    const lookup = answers('127.0.0.1');
    await attemptOf(api.origin.replace('127.0.0.1', 'localhost'), { step });
    expect([lookup.mock.calls.length, api.seen.length]).toEqual([1, 1]);
  });
});
