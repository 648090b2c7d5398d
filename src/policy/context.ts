import type { JsonObject } from '../json';
import { membersOf, teamsWithin, type MembersOf } from './members';
import type { Environment, Policy, Service } from './policy';
import type { PolicyRequest, World } from './request';
import type { Gate, Reason, Source } from './verdict';

/** What a rule may look at. */
export interface Context {
  readonly policy: Policy;
  readonly request: PolicyRequest;
  readonly world: World;
  readonly now: Date;
  /** Absent when the request names none, or one that policy does not know. */
  readonly service?: Service;
  readonly environment?: Environment;
  readonly facts: JsonObject;
  /** Those that only the second verdict can tell; a denial by them would come too early. */
  readonly laterFacts: ReadonlySet<string>;
  /** Variables of every condition. */
  readonly variables: JsonObject;
  readonly isRollback: boolean;
  /** The request claims `break_glass` and its requester may. */
  readonly isBreakGlass: boolean;
}

/** What a rule has to say. */
export interface Finding {
  readonly reasons?: readonly Reason[];
  readonly gates?: readonly Gate[];
  /** What the record keeps for auditors, by regime. */
  readonly evidence?: JsonObject;
  /** Why, in words, beyond what the gates say themselves. */
  readonly why?: readonly { readonly rule: string; readonly message: string; readonly source?: Source }[];
}

export type Rule = (context: Context) => Finding;

/** A finding that denies. */
export function denial(rule: string, message: string, source?: Source): Finding {
  return { reasons: [{ rule, level: 'hard', message, ...(source ? { source } : {}) }] };
}

/** What two findings say together of reasons and gates. */
export function both(one: Finding, other: Finding): Pick<Finding, 'reasons' | 'gates'> {
  return {
    reasons: [...(one.reasons ?? []), ...(other.reasons ?? [])],
    gates: [...(one.gates ?? []), ...(other.gates ?? [])],
  };
}

/** Whether an account is in one of some teams. A group that nobody could look up means unknown, which is not yes. */
export function membership(
  context: Pick<Context, 'policy' | 'world' | 'now' | 'service'> & Pick<MembersOf, 'excluded'>,
  teams: readonly string[],
  account: string,
): 'yes' | 'no' | 'unknown' {
  const { policy, world, now, service, excluded } = context;
  const accounts = new Set([account, ...policy.people.accountsOf(policy.people.personOf(account))]);
  let unknown = false;
  for (const team of teams) {
    const members = membersOf(policy, team, now, { service, world, excluded });
    const looked = lookedUp(context, team, members.groups);
    if ([...members.users, ...looked.users].some((user) => accounts.has(user))) return 'yes';
    if (!looked.complete) unknown = true;
  }
  return unknown ? 'unknown' : 'no';
}

/** Whom the world tells to be in a team: told of that team itself, or of others that it is made of. */
function lookedUp(
  { policy, world, now, service }: Parameters<typeof membership>[0],
  team: string,
  groups: readonly string[],
): { readonly users: readonly string[]; readonly complete: boolean } {
  const told = world.teams ?? {};
  if (Object.hasOwn(told, team)) return { users: told[team] ?? [], complete: true };
  const within = teamsWithin({ policy, service, world }, team);
  const parts = Object.entries(told)
    .map(([name, users]) => ({ name, users, groups: membersOf(policy, name, now, { service, world }).groups }))
    .filter(
      (part) =>
        within.has(part.name) || (part.groups.length > 0 && part.groups.every((group) => groups.includes(group))),
    );
  const known = new Set(parts.flatMap((part) => part.groups));
  return { users: parts.flatMap(({ users }) => users), complete: groups.every((group) => known.has(group)) };
}

/** `the deploy of checkout v1.2.0 to production`, for sentences. */
export function subjectOf(request: PolicyRequest): string {
  if (request.kind === 'destroy')
    return `the end of ${request.resource ? `the ${request.resource.kind} ${request.resource.name}` : 'what was provisioned'}`;
  if (request.kind === 'infrastructure')
    return `the change of the declared servers${request.environment ? ` in ${request.environment}` : ''}`;
  const what = [request.service ?? request.runbook, request.version].filter(Boolean).join(' ');
  const where = request.environment ? ` ${request.kind === 'rollback' ? 'in' : 'to'} ${request.environment}` : '';
  return `the ${request.kind}${what ? ` of ${what}` : ''}${where}`;
}

/** `a, b and c` */
export function listed(words: readonly string[], last: 'and' | 'or' = 'and'): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`;
}

/** `policy.yaml:12` */
export function placeOf(source: Source): string {
  return `${source.file}:${source.line}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();
/** The same few instants are said again and again: when a window opens, when a freeze ends. */
const said = new Map<string, string>();
const maxSaid = 2_000;

/** One for each zone that a policy names: making one costs more than a whole decision. */
function formatIn(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  formats.set(zone, format);
  return format;
}

/** `Mon 23 Nov 09:00 (Europe/Berlin)`: an instant for people. */
export function instantWords(at: Date, zone: string): string {
  const key = `${at.getTime()} ${zone}`;
  const known = said.get(key);
  if (known !== undefined) return known;
  const words = `${formatIn(zone).format(at).replace(/,/g, '')} (${zone})`;
  if (said.size >= maxSaid) said.clear();
  said.set(key, words);
  return words;
}

export function hasLabel(request: PolicyRequest, label: string): boolean {
  return request.labels?.includes(label) ?? false;
}

/** How people call somebody: as `people.yaml` does, else by their id. */
export function nameIn(policy: Policy, account: string): string {
  return policy.people.nameOf(account) ?? account;
}

/** Whether a list of kinds and labels lets this request through. */
export function isExcepted(request: PolicyRequest, except: readonly string[]): boolean {
  return except.some((word) => word === request.kind || hasLabel(request, word));
}
