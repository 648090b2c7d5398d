import type { Evaluation } from './evaluate';
import type { Gate, Source } from './verdict';

/** One thing in which two evaluations of a request differ. */
export interface Difference {
  readonly what: 'verdict' | 'seats' | 'gate';
  /** One full sentence about the change from the first to the second. */
  readonly sentence: string;
  /** Where the second one says so, or else the first. */
  readonly source?: Source;
}

/**
 * What a request would notice of having been judged the second way instead of the first: another verdict, other seats,
 * other gates. Who has voted already and what is only advised makes no difference.
 */
export function compareEvaluations(before: Evaluation, after: Evaluation): readonly Difference[] {
  if (before.verdict === 'denied' && after.verdict === 'denied') return [];
  if (after.verdict === 'denied') return [verdictDifference('denied', after)];
  if (before.verdict === 'denied') return [verdictDifference('allowed', before)];
  return [
    ...seatDifferences(before.gates, after.gates),
    ...factorDifferences(before.gates, after.gates),
    ...gateDifferences(before.gates, after.gates),
  ];
}

function verdictDifference(to: 'allowed' | 'denied', denied: Evaluation): Difference {
  const hard = denied.reasons.filter(({ level }) => level === 'hard');
  const reasons = hard.map(({ message }) => message).join(' ');
  const source = hard.find((reason) => reason.source)?.source;
  const sentence =
    to === 'denied'
      ? `It would be denied instead of allowed: ${reasons}`
      : `It would be allowed instead of denied. What denies it now: ${reasons}`;
  return { what: 'verdict', sentence, ...(source ? { source } : {}) };
}

/** Seats of all ballots together, since one person fills one of them. */
function seatDifferences(before: readonly Gate[], after: readonly Gate[]): readonly Difference[] {
  const [old, now] = [seatsOf(before), seatsOf(after)];
  const teams = [...new Set([...old.keys(), ...now.keys()])].filter((team) => old.get(team) !== now.get(team));
  if (teams.length === 0) return [];
  const changes = teams.map((team) => `${team} ${old.get(team) ?? 0} → ${now.get(team) ?? 0}`).join(', ');
  const source = [...after, ...before].find(({ kind, source: place }) => kind === 'approval' && place)?.source;
  return [{ what: 'seats', sentence: `Seats would change: ${changes}.`, ...(source ? { source } : {}) }];
}

function factorDifferences(before: readonly Gate[], after: readonly Gate[]): readonly Difference[] {
  const asking = (gates: readonly Gate[]) => gates.find((gate) => gate.kind === 'approval' && gate.secondFactor);
  const [old, now] = [asking(before), asking(after)];
  if ((old === undefined) === (now === undefined)) return [];
  const sentence = now
    ? "Approving would take a code from the approver's authenticator as well."
    : "Approving would no longer take a code from the approver's authenticator.";
  const source = (now ?? old)?.source;
  return [{ what: 'gate', sentence, ...(source ? { source } : {}) }];
}

function seatsOf(gates: readonly Gate[]): ReadonlyMap<string, number> {
  const seats = new Map<string, number>();
  for (const gate of gates)
    if (gate.kind === 'approval')
      for (const { team, count } of gate.seats) seats.set(team, (seats.get(team) ?? 0) + count);
  return seats;
}

function gateDifferences(before: readonly Gate[], after: readonly Gate[]): readonly Difference[] {
  const waits = (gates: readonly Gate[]): ReadonlyMap<string, Gate> =>
    new Map(
      gates
        .filter(({ kind, holds }) => kind !== 'approval' && !holds)
        .map((gate) => [`${gate.kind} ${gate.rule}`, gate]),
    );
  const [old, now] = [waits(before), waits(after)];
  const difference = (sentence: string, { source }: Gate): Difference => ({
    what: 'gate',
    sentence,
    ...(source ? { source } : {}),
  });
  return [
    ...[...now].flatMap(([key, gate]) =>
      old.has(key) ? [] : [difference(`It would wait as well: ${gate.message}`, gate)],
    ),
    ...[...old].flatMap(([key, gate]) =>
      now.has(key) ? [] : [difference(`It would no longer wait for ${gate.kind} "${gate.rule}".`, gate)],
    ),
  ];
}
