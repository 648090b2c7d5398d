import { troubleIn } from './slack-errors';

/** Who goes first when there is more to say than Slack takes. */
export type Priority = 'final' | 'decision' | 'notice' | 'progress';

/** Lower is served earlier; BullMQ's own numbers (1 is the highest). */
export const rank: { readonly [priority in Priority]: number } = { final: 1, decision: 2, notice: 3, progress: 4 };

export interface PacedCall<Result> {
  /** Slack's name of the method: decides the budget. */
  readonly method: string;
  /** Channel id, for posts. */
  readonly channel?: string;
  readonly priority: Priority;
  /** Gives up the place in line; a call that has begun is not broken off. */
  readonly signal?: AbortSignal;
  /** Longest wait for a place, ms; then `PacerBusy`. */
  readonly waitMs?: number;
  /** Called once a place is free, and again after a 429. */
  readonly call: () => Promise<Result>;
}

/**
 * Spends Slack's budgets: one a workspace for `chat.update`, one a channel for posts, one for each other method. A 429
 * closes the budget it hit for as long as Slack says, and no other; the call is then made again. Every other error is
 * the caller's.
 */
export interface Pacer {
  run<Result>(paced: PacedCall<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** No place became free in time; nothing was called. Worth trying again. */
export class PacerBusy extends Error {
  override readonly name = 'PacerBusy';
}

/** Budgets as data. Slack's own numbers are in docs.slack.dev/apis/web-api/rate-limits; these stay below them. */
export interface PacerLimits {
  /** `chat.update`: Slack gives 50 a minute to an app in a workspace, all channels together. */
  readonly updatePerMinute: number;
  readonly updateBurst: number;
  /** `chat.postMessage` in one channel: about one a second, short bursts. */
  readonly postPerSecond: number;
  readonly postBurst: number;
  /** `chat.postMessage` in the whole workspace: "several hundred" a minute. */
  readonly postPerMinute: number;
  /** Methods of Slack's tiers 2, 3 and 4: 20, 50 and 100 a minute each. */
  readonly tier2PerMinute: number;
  readonly tier3PerMinute: number;
  readonly tier4PerMinute: number;
  /** Everything this many times faster; for tests and stand-ins. */
  readonly scale: number;
}

export const defaultLimits: PacerLimits = {
  updatePerMinute: 45,
  updateBurst: 2,
  postPerSecond: 1,
  postBurst: 2,
  postPerMinute: 240,
  tier2PerMinute: 16,
  tier3PerMinute: 43,
  tier4PerMinute: 88,
  scale: 1,
};

/** One budget: at most `burst` at once, one every `intervalMs` in the long run. */
export interface Budget {
  readonly name: string;
  readonly intervalMs: number;
  readonly burst: number;
}

const tier2 = new Set([
  'bookmarks.add',
  'conversations.archive',
  'conversations.create',
  'conversations.list',
  'conversations.rename',
  'conversations.setPurpose',
  'conversations.setTopic',
  'pins.add',
  'usergroups.list',
  'usergroups.users.list',
  'users.list',
]);
const tier4 = new Set([
  'chat.postEphemeral',
  'conversations.members',
  'users.info',
  'views.open',
  'views.publish',
  'views.update',
]);

/** The budgets a call is paid from, in the order in which they are asked: the scarce one first. */
export function budgetsOf(
  asked: { readonly method: string; readonly channel?: string },
  limits: PacerLimits,
): Budget[] {
  const perMinute = (name: string, count: number, burst: number): Budget => ({
    name,
    intervalMs: 60_000 / count / limits.scale,
    burst,
  });
  switch (asked.method) {
    case 'chat.update':
      return [perMinute('update', limits.updatePerMinute, limits.updateBurst)];
    case 'chat.postMessage':
      return [
        {
          name: `post-${asked.channel ?? 'anywhere'}`,
          intervalMs: 1000 / limits.postPerSecond / limits.scale,
          burst: limits.postBurst,
        },
        perMinute('posts', limits.postPerMinute, 10),
      ];
    default:
      if (tier2.has(asked.method)) return [perMinute(asked.method, limits.tier2PerMinute, 2)];
      if (tier4.has(asked.method)) return [perMinute(asked.method, limits.tier4PerMinute, 5)];
      return [perMinute(asked.method, limits.tier3PerMinute, 3)];
  }
}

/** Where places come from: this process, or Redis for all of them. */
export interface Permits {
  /** Resolves when a place is free. Rejects with the signal's reason when it is given up before. */
  acquire(budget: Budget, wish: { readonly priority: Priority; readonly signal: AbortSignal }): Promise<void>;
  /** Nobody gets a place from this budget for so long. */
  pause(budget: Budget, ms: number): Promise<void>;
  close(): Promise<void>;
}

const defaultWaitMs = 45_000;

/** The one pacer; what differs is where its permits come from. */
export function createPacer(permits: Permits, limits: PacerLimits = defaultLimits): Pacer {
  return {
    async run(paced) {
      const budgets = budgetsOf(paced, limits);
      const busy = AbortSignal.timeout(paced.waitMs ?? defaultWaitMs);
      const signal = paced.signal ? AbortSignal.any([paced.signal, busy]) : busy;
      for (;;) {
        for (const budget of budgets) await placeIn(permits, { budget, priority: paced.priority, signal, busy });
        try {
          return await paced.call();
        } catch (error) {
          const trouble = troubleIn(error);
          if (trouble.kind !== 'limited') throw error;
          await permits.pause(budgets[0]!, trouble.afterMs);
        }
      }
    },
    close: () => permits.close(),
  };
}

async function placeIn(
  permits: Permits,
  wish: {
    readonly budget: Budget;
    readonly priority: Priority;
    readonly signal: AbortSignal;
    readonly busy: AbortSignal;
  },
): Promise<void> {
  try {
    wish.signal.throwIfAborted();
    await permits.acquire(wish.budget, wish);
  } catch (error) {
    if (!wish.busy.aborted) throw error;
    throw new PacerBusy(`Slack's budget "${wish.budget.name}" is used up; the message is tried again later.`);
  }
}
