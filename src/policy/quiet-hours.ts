import { DateTime } from 'luxon';
import type { QuietHours, TeamMembers } from '../approvals/ballot';
import type { Policy, QuietRule } from './policy';

/** More than a ballot's time, because a vote that falls opens it for as long again. */
const aheadDays = 3;

/** When the people of some teams are left in peace, each in their own time zone, from an instant on. */
export function quietHoursOf(input: {
  readonly rule: Exclude<QuietRule, 'none'>;
  readonly policy: Pick<Policy, 'people' | 'timezone'>;
  readonly teams: readonly TeamMembers[];
  readonly now: Date;
  readonly forMs: number;
}): QuietHours {
  const { rule, policy, teams, now, forMs } = input;
  const users = teams.flatMap((team) => [...team.users, ...(team.shifts ?? []).map(({ user }) => user)]);
  const zones = Object.fromEntries(
    [...new Set(users)].flatMap((user): [string, string][] => {
      const zone = policy.people.zoneOf(user);
      return zone === undefined || zone === policy.timezone ? [] : [[user, zone]];
    }),
  );
  const days = Math.ceil(forMs / 86_400_000) + aheadDays;
  const named = [...new Set([policy.timezone, ...Object.values(zones)])];
  return {
    stretches: Object.fromEntries(named.map((zone) => [zone, stretchesIn(zone, { rule, now, days })])),
    zones,
    elsewhere: policy.timezone,
  };
}

/** The quiet stretch of every day from yesterday on: last night's may still last. */
function stretchesIn(
  zone: string,
  about: { readonly rule: Exclude<QuietRule, 'none'>; readonly now: Date; readonly days: number },
): readonly (readonly [number, number])[] {
  const { rule, now, days } = about;
  const today = DateTime.fromJSDate(now, { zone }).startOf('day');
  return Array.from({ length: days + 2 }, (_, index) => {
    const day = today.plus({ days: index - 1 });
    const clock = (minutes: number, from: DateTime): number =>
      from
        .plus({ days: Math.floor(minutes / 1440) })
        .set({ hour: Math.floor(minutes / 60) % 24, minute: minutes % 60 })
        .toMillis();
    const end = rule.from < rule.to ? day : day.plus({ days: 1 });
    return [clock(rule.from, day), clock(rule.to, end)] as const;
  });
}
