import { listed, type Context } from '../context';
import type { Duty } from '../duty';
import type { Wanted } from './wanted';

/**
 * Seats of the teams that runbooks ask for by themselves, as far as rule sets do not ask for them already. They are
 * added: nothing that policy asks for becomes less by them.
 */
export function demandedBy(
  { world }: Pick<Context, 'world'>,
  base: readonly Wanted[],
): { readonly seats: readonly Wanted[]; readonly duties: readonly Duty[] } {
  const seats: Wanted[] = [];
  const duties: Duty[] = [];
  for (const { runbook, approvals, source } of world.demands ?? []) {
    if (approvals.length === 0) continue;
    for (const { team, count } of approvals) {
      const missing = count - seatsOf(team, [...base, ...seats]);
      if (missing > 0) seats.push({ teams: [team], count: missing });
    }
    const words = approvals.map(({ team, count }) => (count > 1 ? `${count} of ${team}` : team));
    duties.push({
      rule: `runbook ${runbook}`,
      because: `The runbook ${runbook} itself asks for ${listed(words)}.`,
      source: source.approvals,
      approvers: approvals.reduce((sum, { count }) => sum + count, 0),
    });
  }
  return { seats, duties };
}

/** Seats that only this team can fill: one that another may fill as well is no promise of it. */
function seatsOf(team: string, wanted: readonly Wanted[]): number {
  const own = wanted.filter(({ teams, widens = [] }) => teams.length === 1 && teams[0] === team && widens.length === 0);
  return own.reduce((sum, { count }) => sum + count, 0);
}
