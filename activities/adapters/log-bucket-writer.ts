import type { LogEnd, LogLimit, LogWriter } from './log-store';

/** How a log goes to its bucket while its program runs. Milliseconds and bytes. */
export interface BucketPace {
  /** What waits is sent after so long. Grows with every part to `longestMs`: a program of hours is few objects. */
  readonly firstMs: number;
  readonly longestMs: number;
  /** So much is sent at once. */
  readonly partBytes: number;
  /** What may wait in memory while the store does not take it; more is left out, and the log says where. */
  readonly waitingBytes: number;
  /** What is still to be sent when the program has ended has so long. */
  readonly closeMs: number;
}

export const defaultPace: BucketPace = {
  firstMs: 1_000,
  longestMs: 30_000,
  partBytes: 256 * 1024,
  waitingBytes: 2 * 1024 * 1024,
  closeMs: 5_000,
};

interface Spec {
  /** Sends a part; doing it twice is harmless. Throws a sentence. */
  readonly put: (number: number, body: Buffer) => Promise<void>;
  readonly limit: LogLimit;
  readonly pace: BucketPace;
}

/** Sends a log in parts. A part that is not taken is sent again until the log is closed. */
export class BucketLogWriter implements LogWriter {
  private waiting: Buffer[] = [];
  private waitingBytes = 0;
  private leftOut = 0;
  /** Taken out of what waits, so that it is the same however often it is sent. */
  private part: Buffer | undefined;
  private number = 0;
  private keptBytes = 0;
  private trouble: string | undefined;
  private periodMs: number;
  private timer: NodeJS.Timeout | undefined;
  private sending: Promise<void> | undefined;
  private closing: Promise<LogEnd> | undefined;

  constructor(
    readonly key: string,
    private readonly spec: Spec,
  ) {
    this.periodMs = spec.pace.firstMs;
  }

  write(text: string): void {
    if (this.closing) return;
    const kept = this.spec.limit.take(text);
    if (kept === '') return;
    this.add(kept);
    if (this.waitingBytes >= this.spec.pace.partBytes && this.trouble === undefined) this.send();
    else this.timer ??= this.later();
  }

  close(): Promise<LogEnd> {
    this.closing ??= this.finish();
    return this.closing;
  }

  private add(text: string): void {
    const bytes = Buffer.from(text);
    if (this.waitingBytes + bytes.length > this.spec.pace.waitingBytes) {
      this.leftOut += bytes.length;
      return;
    }
    const missing = this.leftOut === 0 ? [] : [Buffer.from(`[${this.leftOut} bytes are missing here.]\n`)];
    this.leftOut = 0;
    for (const each of [...missing, bytes]) {
      this.waiting.push(each);
      this.waitingBytes += each.length;
    }
  }

  private later(): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.timer = undefined;
      this.send();
    }, this.periodMs);
    return timer.unref();
  }

  private send(): void {
    this.sending ??= this.sendPart().finally(() => {
      this.sending = undefined;
      if (!this.isEmpty && !this.closing) this.timer ??= this.later();
    });
  }

  private get isEmpty(): boolean {
    return this.part === undefined && this.waiting.length === 0;
  }

  private async sendPart(): Promise<void> {
    if (this.isEmpty) return;
    this.part ??= this.take();
    try {
      await this.spec.put(this.number, this.part);
      this.keptBytes += this.part.length;
      this.number += 1;
      this.part = undefined;
      this.trouble = undefined;
    } catch (error) {
      this.trouble = (error as Error).message;
    }
    this.periodMs = Math.min(this.periodMs * 1.5, this.spec.pace.longestMs);
  }

  private take(): Buffer {
    const part = Buffer.concat(this.waiting);
    this.waiting = [];
    this.waitingBytes = 0;
    return part;
  }

  private async finish(): Promise<LogEnd> {
    clearTimeout(this.timer);
    if (this.leftOut > 0) {
      const missing = Buffer.from(`[${this.leftOut} bytes are missing here.]\n`);
      this.waiting.push(missing);
    }
    let isLate = false;
    const rest = this.sendRest(() => isLate);
    let clock: NodeJS.Timeout | undefined;
    await Promise.race([rest, new Promise<void>((done) => (clock = setTimeout(done, this.spec.pace.closeMs)))]);
    clearTimeout(clock);
    isLate = true;
    if (this.isEmpty) return { bytes: this.keptBytes };
    const why = this.trouble ?? 'The store of the logs takes too long.';
    return { bytes: this.keptBytes, lost: `Not all of the log is kept. ${why}` };
  }

  private async sendRest(isLate: () => boolean): Promise<void> {
    await this.sending;
    while (!this.isEmpty && !isLate()) {
      await this.sendPart();
      if (this.trouble !== undefined) await new Promise((done) => setTimeout(done, againMs).unref());
    }
  }
}

/** Between two tries when the log is to be closed. */
const againMs = 250;
