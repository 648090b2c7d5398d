/** Work that has begun and has not ended, so that a stop can let it finish. */
export class InFlight {
  private readonly running = new Set<Promise<unknown>>();

  /** Gives the same promise back. */
  track<Result>(work: Promise<Result>): Promise<Result> {
    const ended = work.then(
      () => undefined,
      () => undefined,
    );
    this.running.add(ended);
    void ended.then(() => this.running.delete(ended));
    return work;
  }

  /** Resolves when nothing is running any more, at the latest after so many milliseconds. */
  async settle(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
    await Promise.race([Promise.all(this.running), late]);
    clearTimeout(timer);
  }
}
