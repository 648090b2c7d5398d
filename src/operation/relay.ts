import { createHmac, timingSafeEqual } from 'node:crypto';
import { canonical } from '../canonical';
import type { Relayed } from './request';

/** What a signature is for; a signed vote can never pass as a signed request. */
export type RelayPurpose = 'request' | 'vote' | 'act' | 'incident' | 'person' | 'alert' | 'hook';

/** Signs what the bot relays (law 1). `key` is RELAY_KEY. */
export function relay<Body>(purpose: RelayPurpose, body: Body, key: string): Relayed<Body> {
  return { body, signature: sign(purpose, body, key) };
}

/** Whether this body was relayed by a bot that holds the key. Constant time. */
export function isRelayed<Body>(purpose: RelayPurpose, relayed: Relayed<Body>, key: string): boolean {
  const wanted = Buffer.from(sign(purpose, relayed.body, key), 'hex');
  const given = Buffer.from(String(relayed.signature), 'hex');
  return wanted.length === given.length && timingSafeEqual(wanted, given);
}

function sign(purpose: RelayPurpose, body: unknown, key: string): string {
  return createHmac('sha256', key)
    .update(`signalbox/${purpose}/1\n${canonical(body)}`)
    .digest('hex');
}
