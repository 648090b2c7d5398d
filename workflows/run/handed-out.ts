import { condition } from '@temporalio/workflow';

/** The targets that a slice was handed: while it is at the last of them it asks for more, so that it never stands idle. */
export class HandedOut {
  private readonly todo: number[];
  private got: number;
  private askedAfter: number | undefined;
  private isAll: boolean;

  constructor(
    private readonly spec: {
      readonly indexes: readonly number[];
      readonly atOnce: number;
      /** So many in all at most; absent where these are all. */
      readonly most: number | undefined;
      readonly ask: () => void;
    },
  ) {
    this.todo = [...spec.indexes];
    this.got = spec.indexes.length;
    this.isAll = this.got >= (spec.most ?? 0);
  }

  /** None at all: there are no more. */
  more(indexes: readonly number[]): void {
    this.todo.push(...indexes);
    this.got += indexes.length;
    this.isAll ||= indexes.length === 0 || this.got >= (this.spec.most ?? 0);
  }

  /** Resolves with undefined when none is left, or none is handed out any more because it is over. */
  async next(isOver: () => boolean): Promise<number | undefined> {
    const isIdle = (): boolean => this.todo.length === 0 && !this.isAll && !isOver();
    while (isIdle()) await condition(() => !isIdle());
    const next = this.todo.shift();
    if (!this.isAll && this.todo.length < this.spec.atOnce && this.askedAfter !== this.got) {
      this.askedAfter = this.got;
      this.spec.ask();
    }
    return next;
  }

  /** How many it had got when it asked for more, as long as it has got no answer. */
  get asksAfter(): number | undefined {
    return !this.isAll && this.askedAfter === this.got ? this.got : undefined;
  }

  get count(): number {
    return this.got;
  }
}
