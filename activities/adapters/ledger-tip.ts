import { Refusal } from '../../src/errors';
import { GitFailure, type Mirror } from './git';
import { relationOf } from './git-objects';
import { OnceMore } from './once-more';
import { RefKeeper } from './ref-keeper';

const tipRef = 'refs/signalbox/tip';
/** How often the tip is written down at most, ms: it helps the next fetch and the next process, and costs a process. */
const keepMs = 1000;

/** Where the ledger's remote ref stands, as far as this process knows. It only ever moves forward. */
export class LedgerTip {
  private known: { readonly commit: string | undefined } | undefined;
  private seen: Date | undefined;
  private readonly asking = new OnceMore(() => this.askOrRest());
  private failedAt = -Infinity;
  private answeredAt = -Infinity;
  private readonly keeper: RefKeeper;

  constructor(
    private readonly deps: {
      readonly mirror: Mirror;
      readonly now: () => Date;
      /** After a failure the remote is left alone this long by reads, ms: they answer from the mirror at once. */
      readonly restMs: number;
    },
    /** Full name of the ref at the remote. */
    readonly ref: string,
  ) {
    this.keeper = new RefKeeper(deps.mirror, { ref: tipRef, restMs: keepMs });
  }

  get isKnown(): boolean {
    return this.known !== undefined;
  }

  /** Newest commit known to be at the remote; undefined for an empty ledger, or when nothing is known. */
  get commit(): string | undefined {
    return this.known?.commit;
  }

  /** When the remote last answered. */
  get seenAt(): Date | undefined {
    return this.seen;
  }

  /** Takes up what the process before us knew, so that reads work while the remote is away. */
  async recall(): Promise<void> {
    const commit = await this.deps.mirror.commitAt(tipRef);
    if (commit !== undefined) this.known = { commit };
  }

  /** Asks the remote; the answer is at least as new as the call. Throws `Refusal('ledger_refused')`. */
  refresh(): Promise<string | undefined> {
    return this.asking.ask();
  }

  /**
   * For reads: as `refresh`, but answers from what is known while the remote is away, and when the remote answered at
   * most `maxAgeMs` ago. Throws when nothing is known.
   */
  async refreshOrRecall(maxAgeMs = 0): Promise<string | undefined> {
    if (performance.now() - this.failedAt < this.deps.restMs && this.known) return this.known.commit;
    if (this.known && performance.now() - this.answeredAt < maxAgeMs) return this.known.commit;
    try {
      return await this.refresh();
    } catch (error) {
      if (this.known && error instanceof Refusal) return this.known.commit;
      throw error;
    }
  }

  /** Our own push, begun at `askedAt` (of `performance.now()`), arrived: so the remote said where it stands. */
  moved(commit: string, askedAt: number): void {
    this.known = { commit };
    this.seen = this.deps.now();
    this.answeredAt = Math.max(this.answeredAt, askedAt);
    this.keeper.keep(commit);
  }

  /** Writes down what is known. */
  close(): Promise<void> {
    return this.keeper.close();
  }

  /** Whether a commit of ours is part of the ledger as it is now. */
  async contains(commit: string): Promise<boolean> {
    const { commit: known } = this;
    return known !== undefined && (await relationOf(this.deps.mirror, { known: commit, there: known })) === 'follows';
  }

  private async askOrRest(): Promise<string | undefined> {
    try {
      return await this.ask();
    } catch (error) {
      this.failedAt = performance.now();
      throw error;
    }
  }

  private async ask(): Promise<string | undefined> {
    const { mirror } = this.deps;
    const asked = performance.now();
    try {
      const there = await mirror.remoteTip(this.ref);
      const isNews = there !== undefined && there !== this.known?.commit;
      if (isNews && (await mirror.commitAt(there)) === undefined) await mirror.fetch(['--no-tags'], [this.ref]);
      await this.take(there);
      this.seen = this.deps.now();
      this.answeredAt = Math.max(this.answeredAt, asked);
      return this.commit;
    } catch (error) {
      throw error instanceof GitFailure ? this.unreachable(error) : error;
    }
  }

  private async take(there: string | undefined): Promise<void> {
    const before = this.known?.commit;
    if (before === there || before === undefined) {
      this.known = { commit: there };
      if (there !== undefined && before !== there) this.keeper.keep(there);
      return;
    }
    const relation = there === undefined ? 'unrelated' : await relationOf(this.deps.mirror, { known: before, there });
    if (there === undefined || relation === 'unrelated') throw this.rewritten(before);
    // A replica that is a moment behind shows an older tip of the same history; our own pushes still name the newest.
    if (relation === 'precedes') return;
    // A push of ours may have landed while we compared; what is known never moves back.
    if (this.known?.commit !== before) return this.take(there);
    this.known = { commit: there };
    this.keeper.keep(there);
  }

  private unreachable(failure: GitFailure): Refusal {
    return new Refusal(
      'ledger_refused',
      `The ledger at ${this.deps.mirror.remote.shown} cannot be reached (${failure.words}), so no record can be written; whoever runs Signalbox has to check that Git host, and what waits is tried again by itself.`,
      { cause: failure, data: { reason: 'unreachable' } },
    );
  }

  private rewritten(before: string): Refusal {
    return new Refusal(
      'ledger_refused',
      `The ledger at ${this.deps.mirror.remote.shown} no longer contains record commit ${before.slice(0, 10)} that was there before, so someone has rewritten or deleted ${this.ref}; whoever runs that Git host has to restore it (or delete the folder ${this.deps.mirror.folder} to accept the loss).`,
      { data: { reason: 'rewritten', commit: before } },
    );
  }
}
