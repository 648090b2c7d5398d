import {
  createPacer,
  defaultLimits,
  rank,
  type Budget,
  type Pacer,
  type PacerLimits,
  type Permits,
  type Priority,
} from './pacer';

/** A pacer for one bot process: the embedded default, and what is left when Redis is away. */
export function createLocalPacer(limits: PacerLimits = defaultLimits): Pacer {
  return createPacer(new LocalPermits(), limits);
}

/** Places handed out by this process alone. */
export class LocalPermits implements Permits {
  private readonly lines = new Map<string, Line>();

  acquire(budget: Budget, wish: { readonly priority: Priority; readonly signal: AbortSignal }): Promise<void> {
    return this.line(budget).join(rank[wish.priority], wish.signal);
  }

  async pause(budget: Budget, ms: number): Promise<void> {
    this.line(budget).pause(ms);
  }

  async close(): Promise<void> {
    for (const line of this.lines.values()) line.close();
    this.lines.clear();
  }

  private line(budget: Budget): Line {
    for (const [name, line] of this.lines) if (name !== budget.name && line.forgettable) this.lines.delete(name);
    const line = this.lines.get(budget.name) ?? new Line(budget);
    this.lines.set(budget.name, line);
    return line;
  }
}

interface Waiter {
  readonly rank: number;
  readonly grant: () => void;
  readonly refuse: (why: unknown) => void;
}

/** People in line before one budget. GCRA: `due` is when the budget would be whole again. */
class Line {
  private readonly waiters: Waiter[] = [];
  private due = 0;
  private pausedUntil = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly budget: Budget) {}

  get forgettable(): boolean {
    return this.waiters.length === 0 && Date.now() > Math.max(this.due, this.pausedUntil);
  }

  join(rankOfWaiter: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        const index = this.waiters.indexOf(waiter);
        if (index >= 0) this.waiters.splice(index, 1);
        reject(signal.reason as Error);
      };
      const waiter: Waiter = {
        rank: rankOfWaiter,
        grant: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
        refuse: reject,
      };
      signal.addEventListener('abort', leave, { once: true });
      // Behind everybody of the same rank: first come, first served.
      const index = this.waiters.findIndex((other) => other.rank > rankOfWaiter);
      this.waiters.splice(index < 0 ? this.waiters.length : index, 0, waiter);
      this.serve();
    });
  }

  pause(ms: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, Date.now() + ms);
    this.serve();
  }

  close(): void {
    clearTimeout(this.timer);
    for (const waiter of this.waiters.splice(0)) waiter.refuse(new Error('The pacer was closed.'));
  }

  private serve(): void {
    clearTimeout(this.timer);
    while (this.waiters.length > 0) {
      const now = Date.now();
      const free = Math.max(this.due - (this.budget.burst - 1) * this.budget.intervalMs, this.pausedUntil);
      if (now < free) {
        this.timer = setTimeout(() => this.serve(), Math.ceil(free - now));
        return;
      }
      this.due = Math.max(this.due, now) + this.budget.intervalMs;
      this.waiters.shift()!.grant();
    }
  }
}
