import { DateTime } from 'luxon';
import { namedMembers } from '../approvals/members';
import type { Ballot, Delegation, TeamMembers } from '../approvals/ballot';
import type { Policy, Service } from './policy';
import type { World } from './request';
import { onCallAt, peopleOn, shiftsOf } from './schedule';

/** What a team's members may depend on besides the policy. */
export interface MembersOf {
  readonly policy: Policy;
  readonly now: Date;
  /** Whose owner `owner: true` means. */
  readonly service?: Service;
  readonly world?: Pick<World, 'codeowners'>;
  /** For whom nobody sits in. */
  readonly excluded?: Ballot['excluded'];
}

/** Who is in a team from an instant on, for `aheadMs`. What is empty or unknown is nobody, and says why. */
export function rosterOf(about: MembersOf, team: string, aheadMs: number): TeamMembers {
  return gather(about, { team, aheadMs, above: [] });
}

/** Everybody who is in one of some teams at some time from an instant on, on call or not; who is in their Slack groups is Slack's to say. */
export function everybodyOf(about: MembersOf, teams: readonly string[]): TeamMembers {
  const all = teams.map((team) => gather(about, { team, aheadMs: 'ever', above: [] }));
  const missing = all.flatMap((one) => one.missing ?? []);
  return {
    groups: [...new Set(all.flatMap(({ groups }) => groups))],
    users: [...new Set(all.flatMap(({ users }) => users))],
    ...(missing.length > 0 ? { missing: [...new Set(missing)].join(' ') } : {}),
  };
}

/** Members of a team at an instant: its groups, its users, who is on call then, and whoever sits in for them. */
export function membersOf(
  policy: Policy,
  team: string,
  now: Date,
  about: Pick<MembersOf, 'service' | 'world' | 'excluded'> = {},
): Pick<TeamMembers, 'groups' | 'users'> {
  const roster = rosterOf({ ...about, policy, now }, team, 1);
  const frozen = {
    teams: { [team]: roster },
    delegations: delegationsAhead(policy, { now, aheadMs: 1, excluded: about.excluded ?? [] }),
    persons: policy.people.aliases,
  };
  return { groups: roster.groups, users: namedMembers(frozen, team, now.getTime()).map(({ user }) => user) };
}

/** Who sits in for whom at some time within `aheadMs` from an instant on. Nobody does for those who never count. */
export function delegationsAhead(
  policy: Policy,
  { now, aheadMs, excluded }: { readonly now: Date; readonly aheadMs: number; readonly excluded: Ballot['excluded'] },
): readonly Delegation[] {
  const at = now.getTime();
  const without = new Set(excluded.map(({ id }) => policy.people.personOf(id)));
  return delegationsOf(policy).filter(({ of, from, until }) => from < at + aheadMs && at < until && !without.has(of));
}

const delegations = new WeakMap<Policy, readonly Delegation[]>();

/** The days of a delegation begin and end in the zone of whoever is away. */
function delegationsOf(policy: Policy): readonly Delegation[] {
  const known = delegations.get(policy);
  if (known) return known;
  const found = policy.people.delegations.map(({ of, to, from, until }): Delegation => {
    const zone = policy.people.zoneOf(of) ?? policy.timezone;
    return {
      of,
      to,
      from: DateTime.fromISO(from, { zone }).startOf('day').toMillis(),
      until: DateTime.fromISO(until, { zone }).plus({ days: 1 }).startOf('day').toMillis(),
    };
  });
  delegations.set(policy, found);
  return found;
}

interface Asked {
  readonly team: string;
  /** `ever`: whoever is on a rota counts as a member. */
  readonly aheadMs: number | 'ever';
  /** Teams that led here: a team that is its own owner ends there. */
  readonly above: readonly string[];
}

function gather(about: MembersOf, asked: Asked): TeamMembers {
  const { policy, now } = about;
  const { team, aheadMs } = asked;
  const sources = policy.teams.get(team);
  if (!sources) return nobody(`Policy has no team called ${team}, so nobody is in it.`);
  if (asked.above.includes(team)) return { groups: [], users: [] };
  const from = now.getTime();
  const schedules = sources.schedules.flatMap((file) => policy.schedules.get(file) ?? []);
  const shifts =
    aheadMs === 'ever' ? [] : schedules.flatMap((schedule) => shiftsOf(schedule, { from, until: from + aheadMs }));
  const rota = aheadMs === 'ever' ? schedules.flatMap((schedule) => peopleOn(schedule, from)) : [];
  const idle = aheadMs === 'ever' ? [] : schedules.filter((schedule) => onCallAt(schedule, from) === undefined);
  const others = [
    ...(sources.owner ? [ownersOf(about, asked)] : []),
    ...(sources.codeowners ? codeownersOf(about, asked) : []),
  ];
  const missing = [
    ...idle.map(({ file, start }) => `Nobody is on call for ${team}, because ${file} begins on ${start.slice(0, 10)}.`),
    ...others.flatMap((other) => other.missing ?? []),
  ];
  const all = { groups: others.flatMap(({ groups }) => groups), users: others.flatMap(({ users }) => users) };
  const onCall = [...shifts, ...others.flatMap((other) => other.shifts ?? [])];
  return {
    groups: [...new Set([...sources.groups, ...all.groups])],
    users: [...new Set([...sources.users, ...rota, ...all.users])],
    ...(onCall.length > 0 ? { shifts: onCall } : {}),
    ...(missing.length > 0 ? { missing: [...new Set(missing)].join(' ') } : {}),
  };
}

/** Every team that a team is made of, itself left out: by its unions, the service's owner, the code owners of the change. */
export function teamsWithin(about: Omit<MembersOf, 'now'>, team: string): ReadonlySet<string> {
  const { policy, service } = about;
  const rules = policy.file.teams ?? {};
  const within = new Set<string>();
  const open = [team];
  while (open.length > 0) {
    const rule = rules[open.pop()!];
    if (rule === undefined) continue;
    const parts =
      'length' in rule
        ? rule
        : [
            ...(rule.teams ?? []),
            ...(rule.owner && service?.owner !== undefined ? [service.owner] : []),
            ...(rule.codeowners ? (about.world?.codeowners ?? []).flatMap((owner) => teamOf(policy, owner) ?? []) : []),
          ];
    for (const part of parts) {
      if (part === team || within.has(part)) continue;
      within.add(part);
      open.push(part);
    }
  }
  return within;
}

/** The team of the policy that a code owner stands for: `@acme/web-team` is `web_team`. */
function teamOf(policy: Policy, owner: string): string | undefined {
  const name = owner.replace(/^@/, '');
  if (name.includes('@')) return undefined;
  const team = name
    .slice(name.lastIndexOf('/') + 1)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_');
  return policy.teams.has(team) ? team : undefined;
}

function ownersOf(about: MembersOf, { team, aheadMs, above }: Asked): TeamMembers {
  const { service } = about;
  if (service?.owner !== undefined) return gather(about, { team: service.owner, aheadMs, above: [...above, team] });
  const why = service ? `${service.file} names no owner` : 'this is about no service';
  return nobody(`${team} is the owner of the service, and ${why}, so nobody is in it.`);
}

/** Owners are people by their names in Git, one person each, or teams of the policy: `@acme/web-team` is `web_team`. */
function codeownersOf(about: MembersOf, { team, aheadMs, above }: Asked): readonly TeamMembers[] {
  const { policy, world } = about;
  const owners = world?.codeowners;
  if (owners === undefined)
    return [nobody(`${team} are the code owners of this change, and nobody knows who they are, so nobody is in it.`)];
  const found = owners.flatMap((owner): readonly TeamMembers[] => {
    const group = teamOf(policy, owner);
    if (group !== undefined) return [gather(about, { team: group, aheadMs, above: [...above, team] })];
    const people = policy.people.byGit(owner.replace(/^@/, ''));
    return people.length === 1 ? [{ groups: [], users: [...people] }] : [];
  });
  if (found.length > 0) return found;
  return [
    nobody(
      owners.length === 0
        ? `${team} are the code owners of this change, and CODEOWNERS names none, so nobody is in it.`
        : `${team} are the code owners of this change (${owners.slice(0, 5).join(', ')}), and people.yaml and policy.yaml know none of them, so nobody is in it.`,
    ),
  ];
}

function nobody(missing: string): TeamMembers {
  return { groups: [], users: [], missing };
}
