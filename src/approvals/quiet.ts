import type { QuietHours } from './ballot';

/**
 * The instant (ms) from which somebody may be disturbed: `at` itself, or the end of their quiet hours. Without a name,
 * that of a group. Plain data and pure: workflow code imports this file.
 */
export function awakeAt(quiet: QuietHours | undefined, user: string | undefined, at: number): number {
  if (!quiet) return at;
  const zone = user !== undefined && Object.hasOwn(quiet.zones, user) ? quiet.zones[user]! : quiet.elsewhere;
  const night = (quiet.stretches[zone] ?? []).find(([from, until]) => from <= at && at < until);
  return night ? night[1] : at;
}
