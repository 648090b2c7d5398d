import type { HoldGrant, HoldRight as AnyRight } from '../holds/change';
import { placeWords, type HoldAct, type Holder, type Place } from '../holds/holds';
import type { Asker } from '../operation/asker';
import { formatDuration, parseDuration } from '../runbooks/duration';
import { listed, membership } from './context';
import { membersOf } from './members';
import type { Policy, Service } from './policy';
import type { Standing } from './standing';
import type { Source } from './verdict';

type HoldRight = Exclude<AnyRight, { kind: 'not_relayed' }>;

export interface HoldQuestion {
  readonly policy: Policy;
  readonly act: HoldAct;
  /** Slack user id, or the name of a machine. */
  readonly by: string;
  readonly byKind: 'person' | 'machine';
  readonly asker: Asker;
  /** Whom a lock is handed to, as Slack knows them. */
  readonly recipient?: Asker;
  readonly now: Date;
}

/** How long a lock is held when nobody says, and at most when policy does not. */
const usualLeaseMs = 3_600_000;
const longestLeaseMs = 24 * 3_600_000;

/** Teams that may touch somebody else's lock. */
export function unlockTeams({ file }: Policy): readonly string[] {
  return file.holds?.unlock?.who ?? emergencyTeams(file);
}

/** Teams that may freeze and thaw an environment, or a service in it. */
export function freezeTeams({ file, services }: Policy, service?: string): readonly string[] {
  const owner = service === undefined ? undefined : services.get(service)?.owner;
  return [...new Set([...(file.holds?.freeze?.who ?? emergencyTeams(file)), ...(owner === undefined ? [] : [owner])])];
}

/** Teams that may stop everything and let it go again. */
export function stopTeams({ file }: Policy): readonly string[] {
  return file.holds?.stop?.who ?? emergencyTeams(file);
}

/** What policy says of an act on a hold. Whatever is unknown is a no, and every no names who may. Pure. */
export function holdRight(question: HoldQuestion): HoldRight {
  const { policy, act, by, byKind, asker } = question;
  if (byKind === 'machine')
    return refused('Only people lock, freeze and stop, so nothing was done; a person has to do it.');
  if (asker.standing !== 'member') return refused(standingWords[asker.standing]);
  const misplaced = 'environment' in act ? unknownPlace(policy, act) : undefined;
  if (misplaced !== undefined) return refused(misplaced);
  const who = holderOf(policy, by);
  const base = { who, scope: 'own', others: 'nobody else', channel: channelOf(policy, act) } as const;
  switch (act.kind) {
    case 'lock':
      return lock(question, { ...base, others: othersOf(policy) });
    case 'unlock':
    case 'hand_over':
      return touch(question, { ...base, others: othersOf(policy) });
    case 'freeze':
    case 'thaw': {
      const source = policy.file.holds?.freeze?.who ? policy.source(['holds', 'freeze', 'who']) : undefined;
      const teams = freezeTeams(policy, act.service);
      return byTeam(question, { teams, verb: `${act.kind} ${placeWords(act)}`, key: 'holds.freeze.who', source }, base);
    }
    case 'stop':
    case 'go': {
      const verb = act.kind === 'stop' ? 'stop everything' : 'lift the stop';
      const source = policy.file.holds?.stop?.who ? policy.source(['holds', 'stop', 'who']) : undefined;
      return byTeam(question, { teams: stopTeams(policy), verb, key: 'holds.stop.who', source }, base);
    }
  }
}

function lock(question: HoldQuestion, base: HoldGrant): HoldRight {
  const { policy, act } = question;
  if (act.kind !== 'lock') return refused('That is not a lock.');
  const max = parseDuration(policy.file.holds?.lock?.max ?? '') ?? longestLeaseMs;
  const forMs = act.forMs ?? Math.min(usualLeaseMs, max);
  if (forMs > max || forMs <= 0)
    return refused(
      `A lock may be held for ${formatDuration(max)} at most, so nothing was locked; ask for less, or have the owner of the policy repository change holds.lock.max.`,
    );
  const teams = lockTeams(policy, act);
  const grant = { ...base, forMs };
  if (teams === undefined) return granted(policy, 'member', grant);
  return byTeam(question, { teams, verb: `lock ${placeWords(act)}`, key: 'holds.lock.who' }, grant);
}

/** What is one's own anybody may give away; what is not, only the teams for it. */
function touch(question: HoldQuestion, base: HoldGrant): HoldRight {
  const { policy, act } = question;
  const to = act.kind === 'hand_over' ? recipientOf(question) : undefined;
  if (typeof to === 'string') return refused(to);
  const grant = { ...base, ...(to && { to }) };
  const team = teamOf(question, question.by, unlockTeams(policy), question.asker);
  if (team.kind === 'in') return granted(policy, team.team, { ...grant, scope: 'any' });
  return granted(policy, 'holder', grant);
}

/** Whom a lock is handed to has to be somebody who could have locked it. A sentence says why they are not. */
function recipientOf(question: HoldQuestion): Holder | string {
  const { policy, act, recipient } = question;
  if (act.kind !== 'hand_over') return 'Nothing was handed over.';
  const words = placeWords(act);
  if (recipient?.standing !== 'member')
    return `The lock on ${words} stays where it is, because Slack did not say that whoever should get it is a full member of this workspace; name somebody else.`;
  const teams = lockTeams(policy, act);
  if (teams !== undefined && teamOf(question, act.to, teams, recipient).kind !== 'in')
    return `The lock on ${words} stays where it is, because only ${listed(teams, 'or')} may lock there and Slack did not say that whoever should get it is in one of them; name somebody else.`;
  return holderOf(policy, act.to);
}

function byTeam(
  question: HoldQuestion,
  asked: { readonly teams: readonly string[]; readonly verb: string; readonly key: string; readonly source?: Source },
  grant: HoldGrant,
): HoldRight {
  const { policy, by, asker } = question;
  const { teams, verb, key, source } = asked;
  const change = `have the owner of the policy repository change ${key}${source ? ` (${source.file}:${source.line})` : ''}`;
  if (teams.length === 0)
    return refused(`You may not ${verb}, because policy names nobody who may; ${change} in policy.yaml.`);
  const team = teamOf(question, by, teams, asker);
  if (team.kind === 'in') return granted(policy, team.team, grant);
  const who = listed(teams, 'or');
  const why =
    team.kind === 'unknown'
      ? `Slack did not say whether you are in ${who}, and unknown means no`
      : `only ${who} may and you are not in it`;
  return refused(`You may not ${verb}, because ${why}; ask somebody who is, or ${change}.`);
}

type InTeam = { readonly kind: 'in'; readonly team: string } | { readonly kind: 'out' | 'unknown' };

function teamOf({ policy, act, now }: HoldQuestion, account: string, teams: readonly string[], asker: Asker): InTeam {
  const named = 'service' in act ? act.service : undefined;
  const service = named === undefined ? undefined : policy.services.get(named);
  const world = { teams: lookedUp({ policy, service, account, asker }) };
  const found = teams.map((team) => ({ team, is: membership({ policy, world, now, service }, [team], account) }));
  const own = found.find(({ is }) => is === 'yes');
  if (own) return { kind: 'in', team: own.team };
  return { kind: found.some(({ is }) => is === 'unknown') ? 'unknown' : 'out' };
}

/** Teams with a Slack group, of which Slack said whether this account is in them. */
function lookedUp(about: {
  readonly policy: Policy;
  readonly service?: Service;
  readonly account: string;
  readonly asker: Asker;
}): { readonly [team: string]: readonly string[] } {
  const { policy, service, account } = about;
  const { groups } = about.asker;
  if (groups === 'unknown') return {};
  const teams = [...policy.teams.keys()].map((team): [string, readonly string[]] => [
    team,
    membersOf(policy, team, new Date(0), { service }).groups.some((group) => groups.includes(group)) ? [account] : [],
  ]);
  return Object.fromEntries(teams);
}

/** Undefined: every full member. */
function lockTeams(
  { file, environments, services }: Policy,
  { environment, service }: Place,
): readonly string[] | undefined {
  const teams = file.holds?.lock?.who ?? environments.get(environment)?.request;
  const owner = service === undefined ? undefined : services.get(service)?.owner;
  return teams && [...new Set([...teams, ...(owner === undefined ? [] : [owner])])];
}

function unknownPlace({ environments, services }: Policy, { environment, service }: Place): string | undefined {
  if (!environments.has(environment))
    return `Policy knows no environment "${environment}", so nothing was done; it knows ${listed([...environments.keys()].slice(0, 12))}.`;
  if (service !== undefined && !services.has(service))
    return `Policy knows no service "${service}", so nothing was done; a service has a file under configs/services.`;
  return undefined;
}

/** Whoever acts in an emergency, where policy does not say more. */
function emergencyTeams({ operators, break_glass }: Policy['file']): readonly string[] {
  return [...new Set([...(operators ?? []), ...(break_glass?.who ?? [])])];
}

function othersOf(policy: Policy): string {
  return listed(unlockTeams(policy), 'or') || 'whoever policy names under holds.unlock.who';
}

function channelOf({ environments, channels }: Policy, act: HoldAct): string {
  const own = 'environment' in act ? environments.get(act.environment)?.channel : undefined;
  return own ?? channels.default ?? channels.policy ?? '#general';
}

function holderOf({ people }: Policy, account: string): Holder {
  const name = people.nameOf(account);
  return { by: account, person: people.personOf(account), ...(name === undefined ? {} : { name }) };
}

function granted({ commit }: Policy, as: string, grant: HoldGrant): HoldRight {
  return { kind: 'granted', as, grant, policyCommit: commit };
}

function refused(sentence: string): HoldRight {
  return { kind: 'refused', sentence };
}

const standingWords: { readonly [standing in Exclude<Standing, 'member'>]: string } = {
  guest: 'Nothing was done, because guests of this workspace do not hold work back; ask a full member to do it.',
  stranger: 'Nothing was done, because you belong to another organisation; ask a member of this workspace to do it.',
  deactivated: 'Nothing was done, because this account is deactivated; somebody else has to do it.',
  bot: 'Nothing was done, because apps and bots do not hold work back; a person has to do it.',
  unknown: 'Nothing was done, because Slack did not say who you are and unknown means no; try again in a minute.',
};
