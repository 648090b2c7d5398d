import type { Json } from '../json';

const mostBodies = 16;

/** The bodies read last, by digest, so that a list of thousands is not read anew for each of its targets. */
export class BodyCache {
  private readonly bodies = new Map<string, Promise<Json>>();

  constructor(private readonly read: (digest: string) => Promise<Json>) {}

  get(digest: string): Promise<Json> {
    const known = this.bodies.get(digest) ?? this.read(digest);
    this.bodies.delete(digest);
    this.bodies.set(digest, known);
    known.catch(() => this.bodies.delete(digest));
    const [oldest] = this.bodies.keys();
    if (this.bodies.size > mostBodies && oldest !== undefined) this.bodies.delete(oldest);
    return known;
  }
}
