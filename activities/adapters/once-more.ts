/**
 * Shares an effect among those who ask for it at the same time. Whoever asks wants what is there now, so one that is
 * already under way is not enough; one more serves all who wait.
 */
export class OnceMore<Result> {
  private running: Promise<Result> | undefined;
  private next: Promise<Result> | undefined;

  constructor(private readonly run: () => Promise<Result>) {}

  /** The answer is at least as new as the call. */
  ask(): Promise<Result> {
    if (this.next) return this.next;
    const before = this.running;
    if (!before) return this.start();
    this.next = before
      .catch(() => undefined)
      .then(() => {
        this.next = undefined;
        return this.start();
      });
    return this.next;
  }

  private start(): Promise<Result> {
    const running = this.run().finally(() => {
      if (this.running === running) this.running = undefined;
    });
    this.running = running;
    return running;
  }
}
