import type { Json } from '../../src/json';

const mask = '***';
/** Shorter lines of a secret may be anything, and shorter texts in JSON, too. */
const lineLength = 16;
const textLength = 8;

/** Keeps the secrets of one step out of everything that leaves the runner (T17), in every spelling they may take. */
export class Redactor {
  private readonly spellings = new Set<string>();

  /** With its lines and, where it is JSON, its texts: programs show long secrets in parts. */
  add(secret: string): void {
    this.addAsIs(secret);
    for (const part of [...linesOf(secret), ...textsOf(secret)]) this.addAsIs(part);
  }

  private addAsIs(secret: string): void {
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

  /** How much of a text that goes on can be masked by itself: what may be the beginning of a secret is left out. */
  safeLength(text: string): number {
    const longest = Math.max(1, ...[...this.spellings].map((spelling) => spelling.length));
    let safe = Math.max(0, text.length - longest + 1);
    // A secret that is there in whole is not cut, or its first half would be shown.
    for (let moved = true; moved;) {
      moved = false;
      for (const spelling of this.spellings)
        for (let at = text.indexOf(spelling); at >= 0 && at < safe; at = text.indexOf(spelling, at + 1))
          if (at + spelling.length > safe) {
            safe = at;
            moved = true;
          }
    }
    return safe;
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

/** The lines of a secret that has several, but not what frames a key. */
function linesOf(secret: string): readonly string[] {
  const lines = secret.split(/\r?\n/).map((line) => line.trim());
  return lines.length > 1 ? lines.filter((line) => line.length >= lineLength && !line.startsWith('-----')) : [];
}

function textsOf(secret: string): readonly string[] {
  if (!/^\s*[[{]/.test(secret)) return [];
  try {
    return leavesOf(JSON.parse(secret) as Json);
  } catch {
    return [];
  }
}

function leavesOf(value: Json): readonly string[] {
  if (typeof value === 'string') return value.length >= textLength ? [value, ...linesOf(value)] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leavesOf) : [];
}
