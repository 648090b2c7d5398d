import type { Redis } from 'ioredis';

/**
 * The newest version of each slot that any bot process has begun to show. It keeps a late, older delivery from being
 * shown over a newer one; forgetting it costs nothing but that.
 */
export interface SlotMemory {
  /** The newest version begun, this one included: greater than `version` when somebody is ahead. */
  claim(slot: string, version: number): Promise<number>;
}

/** For one process. */
export function createLocalSlotMemory(most = 5_000): SlotMemory {
  const newest = new Map<string, number>();
  return {
    async claim(slot, version) {
      const known = Math.max(newest.get(slot) ?? version, version);
      newest.delete(slot);
      newest.set(slot, known);
      if (newest.size > most) newest.delete(newest.keys().next().value!);
      return known;
    },
  };
}

const script = `
local known = tonumber(redis.call('GET', KEYS[1]) or '-1')
local wanted = tonumber(ARGV[1])
if known > wanted then return known end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return wanted`;

const keptMs = 24 * 3_600_000;

/** Shared by all bot processes. Redis being away, or flushed, makes it agree to everything. */
export function createRedisSlotMemory(
  redis: Redis,
  { prefix = 'signalbox', answerMs = 300 }: { readonly prefix?: string; readonly answerMs?: number } = {},
): SlotMemory {
  return {
    async claim(slot, version) {
      if (redis.status !== 'ready') return version;
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<number>((resolve) => {
        timer = setTimeout(() => resolve(version), answerMs);
      });
      const asked = redis.eval(script, 1, `${prefix}:slot:${slot}`, version, keptMs).then(Number, () => version);
      try {
        return await Promise.race([asked, late]);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
