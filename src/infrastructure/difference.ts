import { isThere, type MadeBy, type ResourceState } from '../resources/resource';
import type { ServerGroup } from './read';

/** Kind of the resources that declared groups consist of. */
export const serverKind = 'server';

export interface ServerToCreate {
  readonly name: string;
  readonly group: string;
  readonly number: number;
  readonly type: string;
  readonly region: string;
  readonly data: boolean;
  /** The server whose place it takes. */
  readonly replaces?: string;
}

export interface ServerToRemove {
  readonly name: string;
  /** The operation that made it. */
  readonly of: string;
  readonly group: string;
  /** `unsure`: nobody can say what is left of it. */
  readonly because: 'fewer' | 'type' | 'region' | 'undeclared' | 'unsure';
  readonly losesData: boolean;
  readonly replacedBy?: string;
}

/** A server of which nobody knows what is left, and of which too little was recorded for the handler that removes. */
export interface StuckServer {
  readonly name: string;
  /** The handler. */
  readonly runbook: string;
  /** Inputs for which nothing was recorded that would do. */
  readonly inputs: readonly string[];
}

/** What lies between a declared group and the servers that the ledger knows. */
export interface GroupDifference {
  readonly group: string;
  /** Absent: its servers are there and no file declares them any more. */
  readonly declared?: ServerGroup;
  /** Servers that are as declared. */
  readonly kept: readonly string[];
  readonly creates: readonly ServerToCreate[];
  readonly removes: readonly ServerToRemove[];
  /** Servers that would have to go and stay as they are, because nothing can take them away. */
  readonly stuck: readonly StuckServer[];
  /** Servers on which an operation is at work at the moment. */
  readonly busy: readonly { readonly name: string; readonly operation: string }[];
}

/** What has to be created, replaced and removed so that the ledger says what the files declare; groups by name. */
export function differenceOf(input: {
  readonly groups: readonly ServerGroup[];
  readonly resources: readonly ResourceState[];
  readonly environment?: string;
  /** Only this group; absent: all of them. */
  readonly only?: string;
  readonly stuck?: readonly StuckServer[];
}): readonly GroupDifference[] {
  const { groups, resources, environment, only, stuck = [] } = input;
  const servers = resources.filter((each) => each.kind === serverKind && isThere(each));
  const taken = new Set(servers.map(({ name }) => name));
  const own = servers.filter((each) => each.declared && each.environment === environment).sort(byNumber);
  const names = new Set([...groups.map(({ name }) => name), ...own.map(({ declared }) => declared!.group)]);
  return [...names]
    .filter((name) => only === undefined || name === only)
    .sort()
    .map((group) =>
      groupDifference({
        group,
        declared: groups.find(({ name }) => name === group),
        servers: own.filter(({ declared }) => declared!.group === group),
        prefix: environment === undefined ? group : `${environment}-${group}`,
        taken,
        stuck,
      }),
    );
}

export function isEmptyDifference(differences: readonly GroupDifference[]): boolean {
  return differences.every(({ creates, removes }) => creates.length === 0 && removes.length === 0);
}

/** Groups that would lose data: their names are typed before that. */
export function losingGroups(differences: readonly GroupDifference[]): readonly string[] {
  return differences.filter(({ removes }) => removes.some(({ losesData }) => losesData)).map(({ group }) => group);
}

/** Servers that would go and take their data with them, by name. */
export function losingServers(differences: readonly GroupDifference[]): MadeBy {
  const losing = differences.flatMap(({ removes }) => removes.filter(({ losesData }) => losesData));
  return Object.fromEntries(losing.map(({ name, of }) => [name, of] as const).sort());
}

interface OfGroup {
  readonly group: string;
  readonly declared?: ServerGroup;
  readonly servers: readonly ResourceState[];
  readonly prefix: string;
  /** Names that no new server may have; those of new ones are added. */
  readonly taken: Set<string>;
  readonly stuck: readonly StuckServer[];
}

function groupDifference({ group, declared, servers, prefix, taken, stuck }: OfGroup): GroupDifference {
  const isStuck = ({ name }: ResourceState): boolean => stuck.some((each) => each.name === name);
  const staying = servers.filter((each) => each.status !== 'destroying' && !isStuck(each));
  const wrong = staying.filter((each) => reasonToReplace(each, declared) !== undefined);
  const right = staying.filter((each) => !wrong.includes(each));
  const count = declared?.count ?? 0;
  const kept = right.slice(0, count);
  const creates = declared ? newServers(declared, { prefix, taken, count: count - kept.length }) : [];
  const leaving = [
    ...wrong.map((server, index) => ({ server, replacedBy: creates[index]?.name })),
    ...right.slice(count).map((server) => ({ server, replacedBy: undefined })),
  ];
  return {
    group,
    ...(declared && { declared }),
    kept: kept.map(({ name }) => name),
    creates: creates.map((create, index) => {
      const replaces = wrong[index]?.name;
      return { ...create, ...(replaces !== undefined && { replaces }) };
    }),
    removes: leaving.map(({ server, replacedBy }) => ({
      name: server.name,
      of: server.operation,
      group,
      because: reasonToReplace(server, declared) ?? 'fewer',
      losesData: server.data === 'lost' || declared?.data === true,
      ...(replacedBy !== undefined && { replacedBy }),
    })),
    stuck: stuck.filter(({ name }) => servers.some((each) => each.name === name)),
    busy: servers.flatMap(({ name, underWay }) => (underWay ? [{ name, operation: underWay.operation }] : [])),
  };
}

function reasonToReplace(
  { status, declared: was }: ResourceState,
  declared: ServerGroup | undefined,
): ServerToRemove['because'] | undefined {
  if (!declared) return 'undeclared';
  if (status === 'uncertain') return 'unsure';
  if (was!.type !== declared.type) return 'type';
  return was!.region === declared.region ? undefined : 'region';
}

function newServers(
  { name: group, type, region, data }: ServerGroup,
  { prefix, taken, count }: Pick<OfGroup, 'prefix' | 'taken'> & { readonly count: number },
): readonly ServerToCreate[] {
  const made: ServerToCreate[] = [];
  for (let number = 1; made.length < count; number += 1) {
    const name = `${prefix}-${number}`;
    if (taken.has(name)) continue;
    taken.add(name);
    made.push({ name, group, number, type, region, data });
  }
  return made;
}

function byNumber(one: ResourceState, other: ResourceState): number {
  const numberOf = ({ name }: ResourceState): number => Number(/-(\d+)$/.exec(name)?.[1] ?? 0);
  return numberOf(one) - numberOf(other) || (one.name < other.name ? -1 : 1);
}
