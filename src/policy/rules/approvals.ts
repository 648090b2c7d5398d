import { assignSeats } from '../../approvals/seats';
import type { Ballot, Seat, Vote } from '../../approvals/ballot';
import { evaluate as evaluateCondition } from '../../expressions/cel';
import { denial, listed, membersOf, membership, placeOf, type Context, type Finding, type Rule } from '../context';
import type { Duty } from '../duty';
import { isPreview } from '../names';
import { excludedAccounts } from '../people';
import { unknownAuthors } from '../unknown-authors';
import type { Approval } from '../policy';
import type { ApprovalGate, Reason, Source } from '../verdict';
import { pciDuties } from './pci-dss';
import { soxDuties } from './sox';

type SeatCount = { readonly team: string; readonly count: number };

/**
 * The first rule whose condition holds asks for its seats; duties of the service add to them, so that one ballot holds
 * all seats and one person fills one of them. A condition that cannot be evaluated denies and names its rule.
 */
export const approvals: Rule = (context) => {
  const { policy, isRollback, isBreakGlass } = context;
  if (isRollback && policy.file.rollback?.approvals !== 'as_deploy') return {};
  const found = firstRule(context);
  if (found.kind === 'broken') return found.finding;
  const { rule, advice } = found;
  if (isBreakGlass && rule?.level !== 'hard') return { reasons: advice };
  const extra = duties(context, rule?.seats ?? []);
  const reasons = [...advice, ...extra.reasons];
  const seats = merge([...(rule?.seats ?? []), ...extra.seats]);
  const asked = rule ? [why(rule)] : [];
  const added = extra.duties.map(({ rule: name, because, source }) => ({ rule: name, message: because, source }));
  if (seats.length === 0) return { reasons, why: asked };
  return { reasons, gates: [gate(context, { rule, seats, duties: extra.duties })], why: [...asked, ...added] };
};

type FirstRule =
  /** `rule` is absent when none applies; `advice` comes from advisory rules on the way to it. */
  | { readonly kind: 'found'; readonly rule?: Approval; readonly advice: readonly Reason[] }
  | { readonly kind: 'broken'; readonly finding: Finding };

function firstRule({ policy, variables, world }: Context): FirstRule {
  const advice: Reason[] = [];
  for (const rule of policy.approvals) {
    const answer = rule.when
      ? evaluateCondition(rule.when, variables, { zone: policy.timezone, unchanging: true })
      : { ok: true as const, value: true };
    // Before there is a plan, a condition on it is taken as holding: the strictest preview.
    if (!answer.ok && !isPreview(rule.when?.paths ?? [], world)) {
      const message = `The approval rule "${rule.name}" could not be evaluated (${answer.message}), and what cannot be judged is denied; the owner of the policy repository has to mend ${placeOf(rule.source)}.`;
      return { kind: 'broken', finding: denial(rule.name, message, rule.source) };
    }
    if (answer.ok && answer.value !== true) continue;
    if (rule.level !== 'advisory') return { kind: 'found', rule, advice };
    const message = `"${rule.name}" advises to have ${seatWords(rule.seats)} look at this first; nothing waits for it.`;
    advice.push({ rule: rule.name, level: 'advisory', message, source: rule.source });
  }
  return { kind: 'found', advice };
}

function why(rule: Approval): { readonly rule: string; readonly message: string; readonly source: Source } {
  const what = rule.seats.length === 0 ? 'asks nobody to approve' : `asks for ${seatWords(rule.seats)}`;
  const when = rule.when ? `because ${rule.when.source}` : 'because no rule before it applies';
  return { rule: rule.name, message: `"${rule.name}" ${what}, ${when}.`, source: rule.source };
}

/** Seats that the service, its regimes, unknown authors and machines add. */
function duties(
  context: Context,
  base: readonly SeatCount[],
): { readonly seats: readonly SeatCount[]; readonly duties: readonly Duty[]; readonly reasons: readonly Reason[] } {
  const { service } = context;
  const added: Duty[] = [];
  let count = base.reduce((sum, seat) => sum + seat.count, 0);
  const before = count;
  for (const duty of [...ownDuties(context), ...soxDuties(context), ...pciDuties(context), ...machineDuties(context)]) {
    const upTo = duty.approvers === 'one_more' ? count + 1 : duty.approvers;
    if (count >= upTo) continue;
    count = upTo;
    added.push(duty);
  }
  const missing = count - before;
  if (missing === 0) return { seats: [], duties: [], reasons: [] };
  const team = service?.owner ?? base[0]?.team;
  if (team !== undefined) return { seats: [{ team, count: missing }], duties: added, reasons: [] };
  const message = `${added.map(({ because }) => because).join(' ')} Nobody can, because ${service ? `${service.name} has no owner` : 'no team is named for it'}; add an owner to ${service?.file ?? 'its service file'}.`;
  const { rule, source } = added[0]!;
  return { seats: [], duties: [], reasons: [{ rule, level: 'hard', message, source }] };
}

/** What the service file and `unknown_authors` ask for. */
function ownDuties({ policy, request, service }: Context): readonly Duty[] {
  if (!service) return [];
  const dual: Duty = {
    rule: `dual approval of ${service.name}`,
    because: `${service.name} needs two approvers (requires_dual_approval).`,
    source: { file: service.file, line: service.lineOf(['deployment', 'requires_dual_approval']) },
    approvers: 2,
  };
  const because = unknownAuthors(request, service.name);
  const unknown: Duty = {
    rule: 'unknown authors',
    because: because ?? '',
    source: policy.source(['unknown_authors']),
    approvers: 'one_more',
  };
  const needsAuthors = policy.file.unknown_authors === 'extra_seat' && service.compliance.pciDss === undefined;
  const isUnknown = needsAuthors && because !== undefined && request.kind === 'deploy';
  return [...(service.needsDualApproval && request.kind !== 'runbook' ? [dual] : []), ...(isUnknown ? [unknown] : [])];
}

function machineDuties({ request, environment }: Context): readonly Duty[] {
  if (request.requester.kind !== 'machine' || !environment?.strict) return [];
  return [
    {
      rule: 'machines',
      because: `A machine asks, and ${environment.name} is strict, so a person has to approve it.`,
      source: environment.source,
      approvers: 1,
    },
  ];
}

function merge(seats: readonly SeatCount[]): readonly SeatCount[] {
  const counts = new Map<string, number>();
  for (const { team, count } of seats) counts.set(team, (counts.get(team) ?? 0) + count);
  return [...counts].map(([team, count]) => ({ team, count }));
}

const defaultTimeoutMs = 86_400_000;

function gate(
  context: Context,
  input: { readonly rule?: Approval; readonly seats: readonly SeatCount[]; readonly duties: readonly Duty[] },
): ApprovalGate {
  const { rule, seats } = input;
  const name = rule && rule.seats.length > 0 ? rule.name : input.duties.map((duty) => duty.rule).join(', ');
  const { filled, complete } = fill(context, seats, rule?.order ?? 'parallel');
  const because = input.duties.map((duty) => duty.because).join(' ');
  return {
    kind: 'approval',
    rule: name,
    holds: complete,
    message: `"${name}" needs ${seatWords(seats)} to approve${rule?.order === 'sequence' ? ', in this order' : ''}.${because ? ` ${because}` : ''}`,
    source: rule?.source ?? input.duties[0]?.source,
    seats: seats.map((seat, index) => ({ ...seat, filledBy: filled[index] ?? [] })),
    order: rule?.order ?? 'parallel',
    timeoutMs: rule?.timeoutMs ?? defaultTimeoutMs,
    remindAfterMs: rule?.remindAfterMs ?? [],
    ...(rule?.channel ? { channel: rule.channel } : {}),
    oneClick: rule?.oneClick ?? false,
  };
}

/** Who fills which seats already, of the votes the world tells. */
function fill(
  context: Context,
  seats: readonly SeatCount[],
  order: 'parallel' | 'sequence',
): { readonly filled: readonly (readonly string[])[]; readonly complete: boolean } {
  const { policy, world, request, now } = context;
  const asker = request.requester;
  const places = seats.flatMap(({ team, count }) =>
    Array.from({ length: count }, (_, index): Seat => ({ id: `${team}#${index + 1}`, team })),
  );
  const ballot: Ballot = {
    id: 'now',
    digest: '',
    rule: '',
    seats: places,
    teams: Object.fromEntries(seats.map(({ team }) => [team, membersOf(policy, team, now)])),
    order,
    excluded: excludedAccounts({
      people: policy.people,
      requester: asker.kind === 'person' ? asker.id : undefined,
      authors: request.authors,
    }),
    persons: policy.people.aliases,
    timeoutMs: 0,
    remindAfterMs: [],
    oneClick: false,
  };
  const votes = (world.votes ?? []).map((vote): Vote => ({
    ...vote,
    ballotId: 'now',
    person: policy.people.personOf(vote.by),
    actionId: '',
    teams: seats.map(({ team }) => team).filter((team) => membership(context, [team], vote.by) === 'yes'),
  }));
  const { assigned, complete } = assignSeats({ ballot, votes });
  const filled = seats.map(({ team }) =>
    places.flatMap((place) => (place.team === team && assigned[place.id] ? [assigned[place.id]!] : [])),
  );
  return { filled, complete };
}

function seatWords(seats: readonly SeatCount[]): string {
  return listed(seats.map(({ team, count }) => (count === 1 ? team : `${count} of ${team}`))) || 'nobody';
}
