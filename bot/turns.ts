import { Late } from './temporal';

/**
 * Lets only so many pieces of work run at once; the others wait in line, first come, first served. A server takes a
 * burst faster one behind the other than all together, when half of it runs into its deadlines and is done twice.
 */
export class Turns {
  private running = 0;
  private readonly line: (() => void)[] = [];

  constructor(private readonly atOnce: number) {}

  /** Runs the work when it is its turn. Throws `Late`, with nothing begun, when that takes longer than `patienceMs`. */
  async take<Result>(patienceMs: number, work: () => Promise<Result>): Promise<Result> {
    if (this.running < this.atOnce) this.running += 1;
    else await this.stand(patienceMs);
    try {
      return await work();
    } finally {
      const next = this.line.shift();
      if (next) next();
      else this.running -= 1;
    }
  }

  /** Resolves when somebody who is done hands their place over. */
  private stand(patienceMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const called = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.line.splice(this.line.indexOf(called), 1);
        reject(new Late(`no turn within ${patienceMs} ms`));
      }, patienceMs);
      this.line.push(called);
    });
  }
}
