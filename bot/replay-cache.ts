import { sha256 } from '../src/canonical';
import type { BotDeps } from './deps';
import { bounded } from './temporal';

/** Slack's own bound on the age of a signature (docs.slack.dev/authentication/verifying-requests-from-slack). */
const keepMs = 5 * 60_000;
/** Clocks differ a little; further ahead than this nobody honest is. */
const aheadMs = 60_000;
/** Signatures kept in the process; the oldest goes first. */
const most = 20_000;

export type Freshness = 'fresh' | 'replayed' | 'from_the_future';

export interface ReplayCache {
  /** Whether this signature is seen for the first time; marks it as seen. */
  check(request: { readonly signature: string; readonly timestamp: string }): Promise<Freshness>;
  /** Takes the mark back: the request was refused or failed, so that it may come again. */
  forget(signature: string): Promise<void>;
}

/** Remembers signatures for five minutes: in the process, and in Redis when there is one, where a restart keeps them. */
export function replayCache(deps: Pick<BotDeps, 'redis' | 'now' | 'log' | 'waits'>): ReplayCache {
  const seen = new Map<string, number>();
  const keyOf = (hash: string) => `${deps.redis?.prefix ?? 'signalbox'}:replay:${hash}`;
  const remember = (hash: string): boolean => {
    const now = deps.now().getTime();
    for (const [old, until] of seen) {
      if (until > now && seen.size < most) break;
      seen.delete(old);
    }
    if ((seen.get(hash) ?? 0) > now) return false;
    seen.set(hash, now + keepMs);
    return true;
  };
  return {
    async check({ signature, timestamp }) {
      if (Number(timestamp) * 1_000 - deps.now().getTime() > aheadMs) return 'from_the_future';
      const hash = sha256(signature);
      if (!remember(hash)) return 'replayed';
      if (deps.redis === undefined) return 'fresh';
      try {
        const set = await bounded(deps.redis.commands.set(keyOf(hash), '1', 'PX', keepMs, 'NX'), deps.waits.keep);
        return set === null ? 'replayed' : 'fresh';
      } catch (error) {
        deps.log.warn({ err: error }, 'Redis is away: replays are recognised by this process only');
        return 'fresh';
      }
    },
    async forget(signature) {
      const hash = sha256(signature);
      seen.delete(hash);
      await deps.redis?.commands.del(keyOf(hash)).catch(() => undefined);
    },
  };
}
