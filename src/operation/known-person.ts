import type { Asker, KnownPerson } from './asker';
import { isRelayed } from './relay';
import type { Relayed } from './request';

/** An answer of Slack's about a person is asked for anew after this, ms. */
export const freshPersonMs = 60_000;

/** How far the clocks of two processes may be apart, ms. */
const clocksMs = 5_000;

/** Who asks, if a bot of ours signed it, it is about this user and still fresh; else nobody knows. */
export function askerIn(
  known: Relayed<KnownPerson> | undefined,
  about: { readonly user: string; readonly relayKey: string; readonly now: Date; readonly maxAgeMs: number },
): Asker | undefined {
  if (!known || !isRelayed('person', known, about.relayKey)) return undefined;
  const { user, groups, at } = known.body;
  const ageMs = about.now.getTime() - Date.parse(at);
  const isFresh = ageMs >= -clocksMs && ageMs <= Math.min(about.maxAgeMs, freshPersonMs);
  return user === about.user && isFresh ? { standing: 'member', groups } : undefined;
}
