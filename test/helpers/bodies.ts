import { digestOf } from '../../src/canonical';
import type { Json } from '../../src/json';

/** The part of a blob store that runners use, in memory. */
export function bodiesInMemory() {
  const bodies = new Map<string, string>();
  return {
    async keepBody(text: string): Promise<string> {
      const digest = digestOf(text);
      bodies.set(digest, text);
      return digest;
    },
    async readBody(digest: string): Promise<Json> {
      return JSON.parse(bodies.get(digest)!) as Json;
    },
  };
}
