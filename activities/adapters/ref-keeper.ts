import type { Mirror } from './git';

/** Writes a ref of a mirror in the background: the last value wins, and a burst of them costs one process a while. */
export class RefKeeper {
  private wanted: string | undefined;
  private written: string | undefined;
  private running: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private restUntil = 0;

  constructor(
    private readonly mirror: Mirror,
    private readonly given: {
      readonly ref: string;
      /** Time between two writes, ms. */
      readonly restMs: number;
    },
  ) {}

  keep(commit: string): void {
    this.wanted = commit;
    if (this.timer || this.running) return;
    const wait = this.restUntil - performance.now();
    if (wait <= 0) this.start();
    // A ref that is a moment old must not keep a process alive.
    else this.timer = setTimeout(() => this.start(), wait).unref();
  }

  /** Resolves once the last value is written, or could not be. */
  async close(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.running;
    await this.write();
  }

  private start(): void {
    this.timer = undefined;
    this.running = this.write().finally(() => {
      this.running = undefined;
      this.restUntil = performance.now() + this.given.restMs;
      if (this.wanted !== this.written && this.wanted !== undefined) this.keep(this.wanted);
    });
  }

  /** A lock that someone left behind must not fail a record that has landed. */
  private async write(): Promise<void> {
    const { wanted } = this;
    if (wanted === undefined || wanted === this.written) return;
    await this.mirror.local(['update-ref', '--no-deref', this.given.ref, wanted]).catch(() => undefined);
    this.written = wanted;
  }
}
