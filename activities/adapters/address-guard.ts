import { lookup as lookupAll } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/**
 * Addresses that the name of a connection may never turn into: the machine itself, its links, and the metadata services
 * of clouds. A connection that means one of them writes the address, or `localhost`, as its origin.
 */
const forbidden = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['100.100.100.200', 32],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  forbidden.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [
  ['::', 128],
  ['::1', 128],
  ['fe80::', 10],
  ['fd00:ec2::254', 128],
  ['ff00::', 8],
  // NAT64: an IPv4 address of any kind in disguise.
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
] as const)
  forbidden.addSubnet(network, bits, 'ipv6');

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** An address as it is compared: IPv4 in IPv6 clothes is IPv4. */
export function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  return mapped ?? address.toLowerCase();
}

/** Whether a connection to this host may end at this address. */
export function isAddressAllowed(host: string, address: string): boolean {
  const plain = plainAddress(address);
  const family = isIP(plain) === 4 ? 'ipv4' : 'ipv6';
  if (isIP(host) !== 0) return plain === plainAddress(host);
  if (host === 'localhost') return loopback.check(plain, family);
  return isIP(plain) !== 0 && !forbidden.check(plain, family);
}

/** The one address that a request to this host goes to. Resolved once; the socket goes there and nowhere else. */
export async function addressOf(host: string): Promise<string | undefined> {
  if (isIP(host) !== 0) return host;
  const found = await lookup(host, { all: true });
  // All of them have to be allowed: a name with one good and one bad address is somebody's trick.
  return found.every(({ address }) => isAddressAllowed(host, address)) ? found[0]?.address : undefined;
}

/** As `dns.lookup`, for sockets that libraries open themselves: a name that may not end where it does is not found. */
export const guardedLookup: LookupFunction = (host, options, done) => {
  lookupAll(host, { ...options, all: true }, (error, found) => {
    const refused =
      error ??
      (found.every(({ address }) => isAddressAllowed(host, address))
        ? null
        : new Error(`${host} turns into an address that it may not turn into`));
    if (refused || found.length === 0) return done(refused ?? new Error(`${host} has no address`), '', 4);
    if (options.all) return done(null, found as unknown as string, 4);
    return done(null, found[0]!.address, found[0]!.family);
  });
};
