import { canonical } from '../canonical';
import type { CodeAuthor } from '../code/change';
import type { JsonObject } from '../json';
import type { OperationRequest } from '../operation/request';
import { didYouMean } from '../documents/nearest';
import { isResourceName, type MadeBy, type ResourceState } from '../resources/resource';
import {
  differenceOf,
  isEmptyDifference,
  losingGroups,
  losingServers,
  serverKind,
  type GroupDifference,
  type StuckServer,
} from './difference';
import type { ServerGroup } from './read';

/** What the files declare at the newest commit of their branch. */
export type Declared =
  | {
      readonly kind: 'read';
      readonly commit: string;
      readonly branch: string;
      readonly groups: readonly ServerGroup[];
      readonly sources: readonly { readonly path: string; readonly blob: string }[];
      /**
       * Who wrote what is declared since the servers that it is about were made by it, as Git says: forgeable, so they
       * only exclude. `too_many`: more commits than anybody looks through.
       */
      readonly authors: readonly CodeAuthor[] | 'too_many';
    }
  /** One full sentence. */
  | { readonly kind: 'unreadable'; readonly because: string };

/** What is declared, and everything that the ledger knows to be there. */
export interface InfrastructureCase {
  readonly declared: Declared;
  readonly resources: readonly ResourceState[];
  /** Of what is there, what the handler cannot take away. */
  readonly stuck?: readonly StuckServer[];
}

type Asked = Pick<OperationRequest, 'environment' | 'infrastructure'>;

/** Servers that one operation creates and removes at most: its plan has a step for each, and people read it. */
export const mostChanges = 50;

/** What a request would do; nothing where nobody can read what is declared. */
export function differencesFor(
  { environment, infrastructure }: Asked,
  { declared, resources, stuck }: InfrastructureCase,
): readonly GroupDifference[] {
  if (declared.kind === 'unreadable' || declared.sources.length === 0) return [];
  const { groups } = declared;
  const only = infrastructure?.group;
  return differenceOf({
    groups,
    resources,
    ...(environment && { environment }),
    ...(only && { only }),
    ...(stuck && { stuck }),
  });
}

/** Why nothing can be said of the declared servers, as full sentences. */
export function unreadableProblems(asked: Asked, about: InfrastructureCase): readonly string[] {
  const { declared, resources } = about;
  if (declared.kind === 'unreadable') return [declared.because];
  const { branch, groups, sources } = declared;
  if (sources.length === 0)
    return [
      `There is no infrastructure/*.yaml on the branch ${branch} of the policy repository, so nothing is declared and nothing was compared; add one, with "servers: {}" where none are wanted.`,
    ];
  const only = asked.infrastructure?.group;
  if (only === undefined || differencesFor(asked, about).length > 0) return [];
  const { environment } = asked;
  const known = differenceOf({ groups, resources, ...(environment && { environment }) }).map(({ group }) => group);
  const hint = didYouMean(only, known) ?? `there are: ${known.join(', ') || 'none'}`;
  const meant = environment === undefined ? ` For an environment, write /provision servers in ${only}.` : '';
  return [`No group of servers is called ${only} on the branch ${branch}${whereIn(asked)}; ${hint}.${meant}`];
}

/** Why the declared servers would not be brought about. Full sentences. */
export function infrastructureProblems(asked: Asked, about: InfrastructureCase): readonly string[] {
  const unreadable = unreadableProblems(asked, about);
  if (unreadable.length > 0) return unreadable;
  const { declared } = about;
  if (declared.kind === 'read' && declared.authors === 'too_many')
    return [
      `So many commits have changed infrastructure/ on the branch ${declared.branch} since these servers were made that nobody can say who wrote what is declared, and its authors must not approve it, so nothing was planned; ask for one group at a time, and if that is refused as well, whoever owns the policy repository has to move infrastructure/ to a branch with a shorter history.`,
    ];
  const differences = differencesFor(asked, about);
  const busy = differences.flatMap((each) => each.busy);
  if (busy.length > 0)
    return busy
      .slice(0, 3)
      .map(
        ({ name, operation }) =>
          `The operation ${operation} is at work on the server ${name}, so nothing was planned; ask again when it is over, and if it ended without a word, take the server away with /provision destroy server/${name}.`,
      );
  if (isEmptyDifference(differences)) return [nothingToDo(asked, differences)];
  const changes = differences.flatMap(({ creates, removes }) => [...creates, ...removes]);
  if (changes.length > mostChanges)
    return [
      `This would create and remove ${changes.length} servers, and one operation takes at most ${mostChanges}; ask for one group at a time, or declare the change in smaller parts.`,
    ];
  const odd = changes.find(({ name }) => !isResourceName(name));
  if (odd)
    return [
      `A server cannot be called ${odd.name.slice(0, 80)}, because a name has lower-case letters, digits, dots, hyphens and underscores, at most 62; give the group ${odd.group} a shorter name.`,
    ];
  return confirmProblems(asked, differences);
}

/** Data is lost only where the group that loses it was typed. */
function confirmProblems(asked: Asked, differences: readonly GroupDifference[]): readonly string[] {
  const [losing, ...others] = losingGroups(differences);
  if (losing === undefined) return [];
  if (others.length > 0)
    return [
      `The groups ${[losing, ...others].join(', ')} would lose data with their servers, so each is asked for by itself: /provision servers ${losing}.`,
    ];
  const { confirmed, loses = {} } = asked.infrastructure ?? {};
  const now = losingServers(differences);
  if (confirmed !== losing)
    return [
      `The group ${losing} would lose data with its servers (${listWords(Object.keys(now))}), so its name has to be typed once more; ask with /provision servers ${losing} --apply --confirm ${losing}.`,
    ];
  return canonical(now) === canonical(loses) ? [] : [otherLossSentence(losing, { loses, now })];
}

/** That what would be lost is no longer what somebody typed the name of the group for. */
export function otherLossSentence(
  losing: string,
  { loses, now }: { readonly loses?: MadeBy; readonly now: MadeBy },
): string {
  const names = Object.keys(now);
  const anew = names.filter((name) => loses && Object.hasOwn(loses, name) && loses[name] !== now[name]);
  const look = `look with /provision servers ${losing}, and type the name again if that is what you want`;
  if (anew.length > 0)
    return `The name of the group ${losing} was typed for servers that are gone, and what is called ${listWords(anew)} now was made anew since, so nothing of it is done; ${look}.`;
  const then = loses === undefined ? 'for other servers' : `for ${listWords(Object.keys(loses)) || 'no servers'}`;
  return `The name of the group ${losing} was typed ${then}, and by now the data of ${listWords(names)} would be lost, because the files or the servers have changed since, so nothing of it is done; ${look}.`;
}

/** That everything is as declared, as far as anything can be done about it. */
export function nothingToDo(asked: Asked, differences: readonly GroupDifference[]): string {
  const { infrastructure } = asked;
  const of = infrastructure?.group === undefined ? '' : ` of the group ${infrastructure.group}`;
  const stuck = differences.flatMap((each) => each.stuck);
  const besides = stuck.length > 0 ? ` Besides, ${stuckWords(stuck)}.` : '';
  return `The servers${of}${whereIn(asked)} are there as declared, so there is nothing to do.${besides}`;
}

/** What is left as it is, why, and who can change that; without its full stop. */
export function stuckWords(stuck: readonly StuckServer[]): string {
  const names = listWords(stuck.map(({ name }) => name));
  const runbooks = [...new Set(stuck.map(({ runbook }) => runbook))].join(', ');
  const inputs = [...new Set(stuck.flatMap((each) => each.inputs))].map((name) => `"${name}"`).join(', ');
  return `nobody can say what is left of ${names}, and ${runbooks} cannot take it away because nothing was recorded for its input ${inputs}; whoever owns the policy repository can give that a default, so that the runbook finds a server by its name, and then it goes when this is asked for again`;
}

function whereIn({ environment }: Asked): string {
  return environment === undefined ? '' : ` in ${environment}`;
}

/** What of it is a part of the plan that people approve, with the numbers that policy knows. */
export function infrastructurePlanOf(differences: readonly GroupDifference[]): JsonObject {
  return planPartOf({
    creates: differences.flatMap((each) => each.creates),
    removes: differences.flatMap((each) => each.removes),
  });
}

/** What of servers that are created and removed is a part of the plan. */
export function planPartOf({
  creates,
  removes,
}: {
  readonly creates: readonly { readonly name: string; readonly replaces?: string }[];
  readonly removes: readonly { readonly name: string; readonly replacedBy?: string }[];
}): JsonObject {
  return {
    infrastructure: {
      creates: creates.filter(({ replaces }) => replaces === undefined).map(({ name }) => name),
      replaces: creates.flatMap(({ name, replaces }) => (replaces === undefined ? [] : [`${replaces} by ${name}`])),
      destroys: removes.filter(({ replacedBy }) => replacedBy === undefined).map(({ name }) => name),
    },
  };
}

/**
 * The commits by which what is live of the groups that would change was made: whoever wrote anything since the oldest
 * of them may have written the change. None where a group has nothing live, for then it may be of any age.
 */
export function commitsMadeBy(
  asked: Asked,
  { groups, resources }: { readonly groups: readonly ServerGroup[]; readonly resources: readonly ResourceState[] },
): readonly string[] {
  const { environment, infrastructure } = asked;
  const only = infrastructure?.group;
  const changing = differenceOf({ groups, resources, ...(environment && { environment }), ...(only && { only }) })
    .filter(({ creates, removes }) => creates.length > 0 || removes.length > 0)
    .map(({ group }) => group);
  const live = resources.filter((each) => each.status === 'live' && each.environment === environment);
  const ofGroups = changing.map((group) =>
    live.flatMap(({ kind, declared }) => (kind === serverKind && declared?.group === group ? [declared.commit] : [])),
  );
  return ofGroups.some((commits) => commits.length === 0) ? [] : [...new Set(ofGroups.flat())];
}

const shownNames = 12;

/** What the card says of it. */
export function infrastructureWords(
  differences: readonly GroupDifference[],
  declared: Declared,
): { readonly [name: string]: string } {
  const removes = differences.flatMap((each) => each.removes);
  const creates = differences.flatMap((each) => each.creates);
  const lists = {
    create: creates
      .filter(({ replaces }) => replaces === undefined)
      .map(({ name, type, region }) => `${name} (${type} in ${region})`),
    replace: removes
      .filter(({ replacedBy }) => replacedBy !== undefined)
      .map(({ name, replacedBy, because }) => `${name} by ${replacedBy} (${becauseWords[because]})`),
    remove: removes
      .filter(({ replacedBy }) => replacedBy === undefined)
      .map(({ name, because }) => `${name} (${becauseWords[because]})`),
  };
  const stuck = differences.flatMap((each) => each.stuck);
  const filled = Object.entries(lists).filter(([, list]) => list.length > 0);
  const losing = losingGroups(differences);
  return {
    ...Object.fromEntries(filled.map(([what, list]) => [what, listWords(list)])),
    ...(stuck.length > 0 ? { 'left as it is': stuckWords(stuck) } : {}),
    ...(losing.length > 0 ? { 'loses data': losing.join(', ') } : {}),
    ...(declared.kind === 'read' ? { declared: `${declared.branch} at ${declared.commit.slice(0, 10)}` } : {}),
  };
}

function listWords(list: readonly string[]): string {
  const more = list.length - shownNames;
  return `${list.slice(0, shownNames).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

export const becauseWords = {
  fewer: 'fewer are declared',
  type: 'another type is declared',
  region: 'another region is declared',
  undeclared: 'its group is no longer declared',
  unsure: 'nobody can say what is left of it',
} as const;
