import { randomUUID } from 'node:crypto';
import { canonical } from '../../src/canonical';
import { Refusal } from '../../src/errors';
import type { Signer } from '../../src/ledger/chain';
import { recordPath, resourcePath, statePath } from '../../src/ledger/paths';
import type { LedgerEntry } from '../../src/ledger/record';
import { GitFailure, type Mirror } from './git';
import { buildCommit, buildRefFor, type EntryGroup } from './ledger-commit';
import type { LedgerTip } from './ledger-tip';

interface Waiting {
  readonly entries: EntryGroup;
  readonly resolve: (done: { readonly commit: string }) => void;
  readonly reject: (error: unknown) => void;
}

/** Entries of one commit: bounds the time of a push and the size of what a lost race throws away. */
const maxBatch = 2000;
/** A remote that says no this often in a row, with nobody else writing, means it. */
const maxDeclines = 3;

/**
 * The one writer of a ledger in this process. Everything that waits while a commit is on its way goes into the next
 * one. Other processes may write too: a push names the tip it was built on, and whoever loses the race builds anew.
 */
export class LedgerCommitter {
  private queue: Waiting[] = [];
  private pumping = false;
  private readonly buildRef = buildRefFor(randomUUID());

  constructor(
    private readonly deps: {
      readonly mirror: Mirror;
      readonly tip: LedgerTip;
      readonly signer: Signer;
      readonly now: () => Date;
      /** Longest time one batch may take, ms; other writers and a remote that blinks are waited for within it. */
      readonly maxWaitMs: number;
      /** Pause between two commits in a row, ms: what is asked for meanwhile goes into the next one. */
      readonly gatherMs: number;
    },
  ) {}

  /** Resolves once the entries are at the remote. Throws `TypeError` for entries that can never be written. */
  async append(entries: EntryGroup): Promise<{ readonly commit: string }> {
    for (const entry of entries) {
      recordPath(entry);
      canonical(entry);
      if (entry.state) statePath(entry.state);
      for (const change of entry.resources ?? []) resourcePath(change);
    }
    return new Promise((resolve, reject) => {
      this.queue.push({ entries, resolve, reject });
      if (!this.pumping) void this.pump();
    });
  }

  private async pump(): Promise<void> {
    this.pumping = true;
    // One turn of the loop lets everything that was asked for together be written together.
    await new Promise((next) => setImmediate(next));
    while (this.queue.length > 0) {
      const batch = this.takeBatch();
      try {
        await this.commit(batch);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
      if (this.queue.length > 0) await new Promise((next) => setTimeout(next, this.deps.gatherMs));
    }
    this.pumping = false;
  }

  private takeBatch(): Waiting[] {
    let [count, entries] = [0, 0];
    for (const waiting of this.queue) {
      if (count > 0 && entries + waiting.entries.length > maxBatch) break;
      entries += waiting.entries.length;
      count++;
    }
    return this.queue.splice(0, count);
  }

  private async commit(batch: readonly Waiting[]): Promise<void> {
    const { mirror, signer, now, maxWaitMs } = this.deps;
    const deadline = performance.now() + maxWaitMs;
    let groups = batch;
    let declines = 0;
    let asked = false;
    for (let attempt = 0; ; attempt++) {
      const on = await this.knownTip();
      const entries = groups.map((each) => each.entries);
      const built = await buildCommit(mirror, {
        tip: on,
        groups: entries,
        signer,
        now: now(),
        buildRef: this.buildRef,
      });
      groups = groups.filter(({ reject }, at) => {
        const refusal = built.refusals[at];
        if (refusal) reject(refusal);
        return refusal === undefined;
      });
      const { commit } = built;
      // Nothing is pushed that would lose a race, so only the remote knows whether the lane has passed on meanwhile.
      if (commit === undefined && !asked && groups.some(({ entries: own }) => own.some(isBeginning))) {
        asked = true;
        await this.deps.tip.refresh();
        continue;
      }
      if (commit === undefined) return settle(groups, on ?? '');
      const push = await this.push(on, commit);
      if (push.kind === 'landed') return settle(groups, commit);
      if (push.kind === 'declined' && ++declines >= maxDeclines) throw this.declined(push.words);
      if (push.kind === 'lost_race') declines = 0;
      if (performance.now() > deadline)
        throw push.kind === 'declined' ? this.declined(push.words) : this.tooBusy(maxWaitMs);
      await pause(push.kind === 'declined' ? 200 * 2 ** declines : Math.min(400, 15 * (attempt + 1)));
    }
  }

  private async knownTip(): Promise<string | undefined> {
    const { tip } = this.deps;
    if (!tip.isKnown) await tip.refresh();
    return tip.commit;
  }

  /** Servers word their refusals differently, so what happened is told by comparing tips, never by what they say. */
  private async push(
    on: string | undefined,
    commit: string,
  ): Promise<{ readonly kind: 'landed' | 'lost_race' } | { readonly kind: 'declined'; readonly words: string }> {
    const { mirror, tip } = this.deps;
    let words: string;
    try {
      const askedAt = performance.now();
      await mirror.push({ ref: tip.ref, old: on, commit });
      tip.moved(commit, askedAt);
      return { kind: 'landed' };
    } catch (error) {
      if (!(error instanceof GitFailure)) throw error;
      words = error.words;
    }
    const there = await tip.refresh();
    if (there === commit || (there !== undefined && (await tip.contains(commit)))) return { kind: 'landed' };
    return there === on ? { kind: 'declined', words } : { kind: 'lost_race' };
  }

  private declined(words: string): Refusal {
    return new Refusal(
      'ledger_refused',
      `The ledger at ${this.deps.mirror.remote.shown} does not accept records (${words}), so nothing that needs one may begin; whoever runs that Git host has to let Signalbox push to ${this.deps.tip.ref}.`,
      { data: { reason: 'declined' } },
    );
  }

  private tooBusy(maxWaitMs: number): Refusal {
    return new Refusal(
      'ledger_refused',
      `The ledger at ${this.deps.mirror.remote.shown} was changed by others without a pause for ${maxWaitMs / 1000} s, so the record is not written yet; it is tried again by itself.`,
      { data: { reason: 'busy' } },
    );
  }
}

function isBeginning({ event, state }: LedgerEntry): boolean {
  return event === 'intent' && state?.fence !== undefined;
}

function settle(groups: readonly Waiting[], commit: string): void {
  for (const { resolve } of groups) resolve({ commit });
}

/** With jitter: writers that lost the same race must not meet again. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms * (0.2 + 0.8 * Math.random())));
}
