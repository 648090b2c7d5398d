import type { Json } from '../../src/json';

const mask = '***';

/** Keeps the secrets of one step out of everything that leaves the runner (T17), in every spelling they may take. */
export class Redactor {
  private readonly spellings = new Set<string>();

  add(secret: string): void {
    const bytes = Buffer.from(secret, 'utf8');
    const asText = JSON.stringify(secret).slice(1, -1);
    for (const spelling of [
      secret,
      asText,
      encodeURIComponent(secret),
      new URLSearchParams({ s: secret }).toString().slice(2),
      bytes.toString('base64'),
      bytes.toString('base64').replace(/=+$/, ''),
      bytes.toString('base64url'),
      bytes.toString('hex'),
    ])
      if (spelling.length > 0) this.spellings.add(spelling);
  }

  text(text: string): string {
    let clean = text;
    // Longest first: a short spelling inside a longer one would leave the rest of it standing.
    for (const spelling of [...this.spellings].sort((left, right) => right.length - left.length))
      clean = clean.replaceAll(spelling, mask);
    return clean;
  }

  /** A value of plain JSON, masked in every text and key. */
  json<T>(value: T): T {
    return this.walk(value as Json) as T;
  }

  private walk(value: Json): Json {
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'number') return this.spellings.has(String(value)) ? mask : value;
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return (value as readonly Json[]).map((item) => this.walk(item));
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [this.text(key), this.walk(item)]));
  }
}
