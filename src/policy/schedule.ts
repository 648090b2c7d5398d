import type { Shift } from '../approvals/ballot';
import { instantAt, offsetAt } from '../zone-offset';

/** Who is on call when: a rotation in a file of the policy repository. */
export interface Schedule {
  readonly file: string;
  readonly zone: string;
  readonly rotation: readonly string[];
  /** Wall-clock beginning of the first shift, `2026-01-05T09:00`. */
  readonly start: string;
  /** How long a shift is on the wall clock: a change to summer time makes one of them an hour shorter. */
  readonly lengthMinutes: number;
  /** Instants, ms. Of several at one time the last one counts. */
  readonly overrides: readonly Shift[];
}

/** The most shifts that one look ahead tells. */
const shiftsMost = 120;

/**
 * Who is on call from an instant on until another, shift after shift, swaps included. The first and the last shift are
 * told whole, so that asking a moment later gives the same answer. Before the schedule begins nobody is on call.
 */
export function shiftsOf(
  schedule: Schedule,
  { from, until }: { readonly from: number; readonly until: number },
): readonly Shift[] {
  const base = rotationOf(schedule, { from, until });
  const overrides = schedule.overrides.filter((override) => override.from < until && from < override.until);
  const edges = [...base, ...overrides].flatMap((shift) => [shift.from, shift.until]);
  const sorted = [...new Set(edges)].sort((left, right) => left - right);
  const shifts: { user: string; from: number; until: number }[] = [];
  for (const [index, edge] of sorted.slice(0, -1).entries()) {
    const user = (overrideAt(schedule, edge) ?? base.findLast((shift) => shift.from <= edge && edge < shift.until))
      ?.user;
    const end = sorted[index + 1]!;
    const last = shifts.at(-1);
    if (user !== undefined && last?.user === user && last.until === edge) last.until = end;
    else if (user !== undefined) shifts.push({ user, from: edge, until: end });
  }
  return shifts.filter((shift) => shift.from < until && from < shift.until).slice(0, shiftsMost);
}

/** Everybody who has shifts by it from an instant (ms) on, swaps included. */
export function peopleOn({ rotation, overrides }: Schedule, from: number): readonly string[] {
  return [...new Set([...rotation, ...overrides.filter(({ until }) => from < until).map(({ user }) => user)])];
}

/** The shifts as the rotation has them, from the one at an instant on. */
function rotationOf(
  schedule: Schedule,
  { from, until }: { readonly from: number; readonly until: number },
): readonly Shift[] {
  const { rotation } = schedule;
  const shifts: Shift[] = [];
  for (let index = Math.max(0, indexAt(schedule, from)); shifts.length < shiftsMost; index++) {
    const edge = edgeOf(schedule, index);
    if (edge >= until) break;
    const end = edgeOf(schedule, index + 1);
    shifts.push({ user: rotation[index % rotation.length]!, from: edge, until: end });
  }
  return shifts;
}

/** Who is on call at an instant (ms); nobody before the schedule begins. */
export function onCallAt(schedule: Schedule, at: number): string | undefined {
  const override = overrideAt(schedule, at);
  if (override) return override.user;
  const index = indexAt(schedule, at);
  return index < 0 ? undefined : schedule.rotation[index % schedule.rotation.length];
}

function overrideAt({ overrides }: Schedule, at: number): Schedule['overrides'][number] | undefined {
  return overrides.findLast(({ from, until }) => from <= at && at < until);
}

/** Which shift an instant belongs to, counted from the first; negative before it. */
function indexAt(schedule: Schedule, at: number): number {
  const local = at + offsetAt(schedule.zone, at);
  let index = Math.floor((local - begunOf(schedule)) / (schedule.lengthMinutes * 60_000));
  // The wall clock jumps twice a year, so a shift is told by the instants of its edges.
  while (at < edgeOf(schedule, index)) index--;
  while (at >= edgeOf(schedule, index + 1)) index++;
  return index;
}

/** The instant (ms) at which a shift begins. */
function edgeOf(schedule: Schedule, index: number): number {
  return instantAt(schedule.zone, begunOf(schedule) + index * schedule.lengthMinutes * 60_000);
}

/** When the first shift begins, as if the wall clock were UTC. */
function begunOf({ start }: Schedule): number {
  return Date.parse(`${start}Z`);
}
