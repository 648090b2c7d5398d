import { finishedStates, type BallotView, type OperationView } from '../operation/view';
import type { RenderContext } from './blocks';
import { code, instant, listed, mention, safe } from './text';

const seatsShown = 15;
const stepsShown = 4;

/** One approval on the card: its seats, what happens next while nobody decides, until when it is open. */
export function ballotLines(view: OperationView, ballot: BallotView, about: RenderContext): readonly string[] {
  const filled = ballot.seats.filter((seat) => seat.filledBy).length;
  const order = ballot.order === 'sequence' && ballot.seats.length > 1 ? ', in this order' : '';
  const lines = [`*Approval: ${safe(ballot.rule, 150)}* (${filled} of ${ballot.seats.length}${order})`];
  for (const seat of ballot.seats.slice(0, seatsShown)) lines.push(seatLine(ballot, seat, about));
  if (ballot.seats.length > seatsShown) lines.push(`… and ${ballot.seats.length - seatsShown} more seats`);
  if (ballot.rejectedBy)
    lines.push(`🚫 Rejected by ${mention(ballot.rejectedBy.by)}: ${safe(ballot.rejectedBy.reason, 500)}`);
  if (ballot.takes === 'votes') lines.push(...openLines(ballot, about));
  if (ballot.takes === 'rejections' && !finishedStates.includes(view.state))
    lines.push('Approved; its teams may still reject it until the work begins');
  return lines;
}

function seatLine(ballot: BallotView, seat: BallotView['seats'][number], about: RenderContext): string {
  const team = code(seat.team, 80);
  if (seat.filledBy) {
    const away = seat.sitsInFor ? `, sitting in for ${mention(seat.sitsInFor)}` : '';
    return `✅ ${team}: ${mention(seat.filledBy)}${away}${seat.at ? `, ${at(seat.at, about)}` : ''}`;
  }
  if (ballot.takes !== 'votes') return `▫️ ${team}: nobody`;
  const people = seat.mention.slice(0, 5).map(mention);
  const missing = seat.missing ? ` ⚠️ ${safe(seat.missing, 300)}` : '';
  return `▫️ ${team}: still needed${people.length > 0 ? `, ${people.join(' or ')}` : ''}${missing}`;
}

/** Who may approve by now, who is asked next and when, and the end. */
function openLines(ballot: BallotView, about: RenderContext): readonly string[] {
  const { ladder = [], widened = [] } = ballot;
  const steps = ladder.slice(0, stepsShown).map((step) => `${stepWords(step)} ${at(step.at, about)}`);
  return [
    ...widened.map((team) => widenedLine(ballot, team)),
    ...(ballot.secondFactor ? ['🔐 Approving needs a code from your authenticator'] : []),
    ...(steps.length > 0 ? [`If nobody decides: ${steps.join(' · ')}`] : []),
    `Open until ${at(ballot.expiresAt, about)}`,
  ];
}

/** A rule's ladder widens the seats of that rule: seats that others ask for are not meant. */
function widenedLine({ seats }: BallotView, team: string): string {
  const meant = seats.filter(({ anyOf }) => anyOf?.includes(team));
  if (meant.length === seats.length) return `${code(team, 80)} may approve this too by now`;
  const names = listed([...new Set(meant.map((seat) => code(seat.team, 80)))]);
  return `${code(team, 80)} may approve this too by now, in place of ${names}`;
}

function stepWords({ does, team = '' }: NonNullable<BallotView['ladder']>[number]): string {
  switch (does) {
    case 'remind':
      return '⏰ a reminder';
    case 'widen':
      return `👥 ${code(team, 80)} may approve too`;
    case 'page':
      return `📟 ${code(team, 80)} is called`;
    case 'expire':
      return '⌛ it expires';
    case 'reject':
      return '🚫 it counts as rejected';
  }
}

function at(iso: string, about: RenderContext): string {
  return instant(iso, { tokens: about.dateTokens ?? true });
}
