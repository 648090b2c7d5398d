/** What is asked about an object: that it is there and how large it is, or also its bytes. */
export type Question = 'info' | 'contents';

export interface ObjectAnswer {
  readonly id: string;
  readonly type: string;
  /** Bytes. */
  readonly size: number;
  /** Empty for `info`. */
  readonly body: Buffer;
}

/** Git answered something that is no answer to what was asked, so nothing it says afterwards can be trusted. */
export class MalformedAnswer extends Error {
  override readonly name = 'MalformedAnswer';
}

/** Longest first line of an answer: it repeats the name that was asked for, and paths are much shorter. */
const maxHeadBytes = 64 * 1024;
const nothing = Buffer.alloc(0);

/** Reads what `cat-file --batch`, `--batch-check` or `--batch-command` says to names that were asked in this order. */
export class AnswerParser {
  /** By name; what does not exist is absent. */
  readonly answers = new Map<string, ObjectAnswer>();
  private next = 0;
  private chunks: Buffer[] = [];
  private held = 0;
  private wanted = 1;
  private head: Omit<ObjectAnswer, 'body'> | undefined;

  constructor(
    private readonly question: Question,
    private readonly names: readonly string[],
  ) {}

  get isDone(): boolean {
    return this.next === this.names.length;
  }

  /** Throws `MalformedAnswer`, also for anything after the last answer. */
  push(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.held += chunk.length;
    if (this.held < this.wanted) return;
    let rest = this.chunks.length === 1 ? chunk : Buffer.concat(this.chunks, this.held);
    for (let left = this.take(rest); left !== undefined; left = this.take(rest)) rest = left;
    this.chunks = rest.length > 0 ? [rest] : [];
    this.held = rest.length;
    if (this.isDone && rest.length > 0) throw new MalformedAnswer('it said more than it was asked');
  }

  /** What is left after one more part of an answer; undefined when that part is not all there yet. */
  private take(bytes: Buffer): Buffer | undefined {
    if (this.isDone) return undefined;
    return this.head === undefined ? this.takeHead(bytes) : this.takeBody(bytes, this.head);
  }

  private takeHead(bytes: Buffer): Buffer | undefined {
    const end = bytes.indexOf(10);
    this.wanted = bytes.length + 1;
    if (end < 0 && bytes.length <= maxHeadBytes) return undefined;
    const name = this.names[this.next] ?? '';
    const line = bytes.toString('utf8', 0, Math.max(end, 0));
    const found = /^([0-9a-f]{40}|[0-9a-f]{64}) (blob|tree|commit|tag) (\d{1,15})$/.exec(line);
    if (found) {
      const [, id = '', type = '', size = ''] = found;
      const head = { id, type, size: Number(size) };
      if (this.question === 'info') this.settle(name, { ...head, body: nothing });
      else this.head = head;
    } else if (isAbsence(line, name)) this.next++;
    else throw new MalformedAnswer(`${JSON.stringify(line.slice(0, 80))} is no answer to what was asked`);
    return bytes.subarray(end + 1);
  }

  private takeBody(bytes: Buffer, head: Omit<ObjectAnswer, 'body'>): Buffer | undefined {
    this.wanted = head.size + 1;
    if (bytes.length < this.wanted) return undefined;
    if (bytes[head.size] !== 10) throw new MalformedAnswer('an object did not end where it should');
    this.settle(this.names[this.next] ?? '', { ...head, body: bytes.subarray(0, head.size) });
    this.head = undefined;
    return bytes.subarray(head.size + 1);
  }

  private settle(name: string, answer: ObjectAnswer): void {
    this.answers.set(name, answer);
    this.next++;
    this.wanted = 1;
  }
}

/** Git repeats the name it does not find; a newer one has a word of its own for what is in a submodule. */
function isAbsence(line: string, name: string): boolean {
  return line === `${name} missing` || line === `${name} ambiguous` || /^[0-9a-f]{40,64} submodule$/.test(line);
}
