import type { BotDeps } from './deps';
import { bounded } from './temporal';

/** What is remembered of people's codes: how many were tried, and which were used. Never a code itself. */
export interface FactorMarks {
  /** Counts one more try and says how many there were in the last `forMs`; with the `most`th that time begins anew. */
  tried(given: { readonly user: string; readonly most: number; readonly forMs: number }): Promise<number>;
  /** Forgets the tries: the code was right. */
  forgive(user: string): Promise<void>;
  /** Whether this step of a person's codes is used for the first time, or again for the same. */
  use(step: {
    readonly user: string;
    readonly step: number;
    readonly use: string;
    readonly keepMs: number;
  }): Promise<boolean>;
}

/** In Redis when there is one, so that several bots and a restart remember the same; it throws while Redis is away. */
export function factorMarks(deps: Pick<BotDeps, 'redis' | 'now' | 'waits'>): FactorMarks {
  return deps.redis === undefined ? localMarks(deps) : redisMarks({ ...deps, redis: deps.redis });
}

function localMarks({ now }: Pick<BotDeps, 'now'>): FactorMarks {
  const tries = new Map<string, { count: number; until: number }>();
  const used = new Map<string, { readonly use: string; readonly until: number }>();
  return {
    tried({ user, most, forMs }) {
      const at = now().getTime();
      const before = tries.get(user);
      const next = before !== undefined && before.until > at ? before : { count: 0, until: at + forMs };
      next.count += 1;
      if (next.count === most) next.until = at + forMs;
      tries.set(user, next);
      return Promise.resolve(next.count);
    },
    forgive(user) {
      tries.delete(user);
      return Promise.resolve();
    },
    use({ user, step, use, keepMs }) {
      const at = now().getTime();
      for (const [key, { until }] of used) if (until <= at) used.delete(key);
      const key = `${user}:${step}`;
      const before = used.get(key);
      if (before === undefined) used.set(key, { use, until: at + keepMs });
      return Promise.resolve(before === undefined || before.use === use);
    },
  };
}

function redisMarks({
  redis,
  waits,
}: Pick<BotDeps, 'waits'> & { readonly redis: NonNullable<BotDeps['redis']> }): FactorMarks {
  const keyOf = (...parts: readonly (string | number)[]) =>
    [redis.prefix ?? 'signalbox', 'second-factor', ...parts].join(':');
  const { commands } = redis;
  return {
    async tried({ user, most, forMs }) {
      const key = keyOf('tries', user);
      // Both at once, so that there is never a count that nothing ends.
      const answers = await bounded(commands.multi().set(key, 0, 'PX', forMs, 'NX').incr(key).exec(), waits.keep);
      const count = Number(answers?.[1]?.[1]);
      if (!Number.isInteger(count)) throw new Error('Redis did not count');
      if (count === most) await bounded(commands.pexpire(key, forMs), waits.keep);
      return count;
    },
    async forgive(user) {
      await bounded(commands.del(keyOf('tries', user)), waits.keep);
    },
    async use({ user, step, use, keepMs }) {
      const key = keyOf('used', user, step);
      if ((await bounded(commands.set(key, use, 'PX', keepMs, 'NX'), waits.keep)) !== null) return true;
      return (await bounded(commands.get(key), waits.keep)) === use;
    },
  };
}
