import type { RulesLimits } from './types';

/**
 * Calls per minute, per method, app and workspace. Source: docs.slack.dev/apis/web-api/rate-limits and the page of each
 * method (docs.slack.dev/reference/methods/<method>). Slack promises "at least" these numbers; this server gives exactly
 * them, so that nothing rests on Slack's generosity.
 */
const PER_MINUTE = { T1: 1, T2: 20, T3: 50, T4: 100, post: 300, none: Number.POSITIVE_INFINITY } as const;

/** `post` is chat.postMessage: "several hundred" a minute per workspace, and about one a second per channel. */
export type Tier = keyof typeof PER_MINUTE;

const WINDOW_MS = 60_000;
const POST_INTERVAL_MS = 1_000;

export type RateAnswer =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number; readonly ignoredRetryAfter: boolean };

/** Sliding windows per method, a leaky bucket per channel for posts, and the memory of each Retry-After given. */
export class RateLimits {
  private readonly windows = new Map<string, number[]>();
  private readonly channels = new Map<string, number>();
  private readonly closed = new Map<string, { from: number; until: number }>();
  private readonly scale: number;
  private readonly postBurst: number;
  private readonly graceMs: number;

  constructor(limits: RulesLimits = {}) {
    this.scale = limits.scale ?? 1;
    this.postBurst = limits.postBurst ?? 5;
    this.graceMs = limits.retryGraceMs ?? 250;
  }

  take(request: { method: string; tier: Tier; channel?: string }): RateAnswer {
    const now = Date.now();
    const keys = [
      request.method,
      ...(request.channel === undefined ? [] : [`${request.method} in ${request.channel}`]),
    ];
    for (const key of keys) {
      const closed = this.closed.get(key);
      if (closed && now < closed.until) {
        const ignoredRetryAfter = now > closed.from + this.graceMs;
        return {
          kind: 'limited',
          retryAfterSeconds: Math.max(1, Math.ceil((closed.until - now) / 1000)),
          ignoredRetryAfter,
        };
      }
    }
    const wait = this.windowWait(request.method, request.tier, now);
    if (wait > 0) return this.close(request.method, wait, now);
    const channelKey = keys[1];
    const channelWait = request.tier === 'post' && channelKey ? this.channelWait(channelKey, now) : 0;
    if (channelWait > 0) return this.close(channelKey as string, channelWait, now);
    this.windows.get(request.method)?.push(now);
    return { kind: 'allowed' };
  }

  /** For an injected 429: the same bookkeeping as an earned one. */
  refuse(key: string, retryAfterSeconds: number): void {
    const now = Date.now();
    this.closed.set(key, { from: now, until: now + retryAfterSeconds * 1000 });
  }

  private windowWait(method: string, tier: Tier, now: number): number {
    const windowMs = WINDOW_MS / this.scale;
    const recent = (this.windows.get(method) ?? []).filter((at) => at > now - windowMs);
    this.windows.set(method, recent);
    if (recent.length < PER_MINUTE[tier]) return 0;
    return (recent[0] ?? now) + windowMs - now;
  }

  private channelWait(key: string, now: number): number {
    const interval = POST_INTERVAL_MS / this.scale;
    const due = Math.max(this.channels.get(key) ?? 0, now) + interval;
    const excess = due - now - this.postBurst * interval;
    if (excess > 0) return excess;
    this.channels.set(key, due);
    return 0;
  }

  // Slack gives whole seconds, so a scaled window may be open again before its Retry-After has passed.
  private close(key: string, waitMs: number, now: number): RateAnswer {
    const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
    this.closed.set(key, { from: now, until: now + retryAfterSeconds * 1000 });
    return { kind: 'limited', retryAfterSeconds, ignoredRetryAfter: false };
  }
}
