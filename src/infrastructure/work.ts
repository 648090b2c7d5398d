import type { JsonObject } from '../json';
import type { ResourceState } from '../resources/resource';
import { validateInputs } from '../runbooks/inputs';
import type { Runbook, RunbookStep } from '../runbooks/schema';
import { serverKind, type GroupDifference, type ServerToCreate, type StuckServer } from './difference';

/** Creating and removing declared servers, each by the runbook that policy names for it. */
export interface InfrastructureWork {
  readonly kind: 'infrastructure';
  readonly differences: readonly GroupDifference[];
  readonly servers: readonly ServerWork[];
  /** The runbook that takes a server away again. */
  readonly removedBy: string;
}

/** What is done about one server. */
export interface ServerWork {
  readonly act: 'create' | 'destroy';
  readonly name: string;
  readonly words: string;
  /** Id of its step. */
  readonly id: string;
  readonly handler: Runbook;
  /** Inputs of its handler: data, which nothing evaluates. */
  readonly given: JsonObject;
  /** For what is created. */
  readonly server?: ServerToCreate;
  /** For what is removed, the operation that made it. */
  readonly of?: string;
  /** For what is removed, the server that takes its place. */
  readonly replacedBy?: string;
}

/** Scope of the steps that call the handlers; no runbook can have this name. */
export const serversScope = '@servers';
/** Step around those that create servers, where there are several. */
const creating = 'create';
/** Servers that are created at the same time, at most. */
const atOnce = 5;

/** All servers are created before any is removed, so that what fails in between is undone and leaves the old ones. */
export function infrastructureWork(about: {
  readonly differences: readonly GroupDifference[];
  readonly resources: readonly ResourceState[];
  readonly environment?: string;
  readonly create: Runbook | undefined;
  readonly remove: Runbook | undefined;
}): InfrastructureWork {
  const { differences, resources, environment, create, remove } = about;
  const where: JsonObject = environment === undefined ? {} : { environment };
  const created = differences
    .flatMap(({ creates }) => creates)
    .map((server): ServerWork => {
      const { name, group, number, type, region, data } = server;
      return {
        act: 'create',
        name,
        id: stepId('create', name),
        words: `Create ${name} (${type} in ${region})`,
        handler: create!,
        given: offeredTo(create!, { ...where, name, group, number, type, region, data }),
        server,
      };
    });
  const removed = differences
    .flatMap(({ removes }) => removes)
    .map(({ name, replacedBy }): ServerWork => {
      const state = resources.find((each) => each.kind === serverKind && each.name === name)!;
      return {
        act: 'destroy',
        name,
        id: stepId('remove', name),
        words: `Remove ${name}`,
        handler: remove!,
        given: givenToRemove(remove!, state, environment),
        of: state.operation,
        ...(replacedBy !== undefined && { replacedBy }),
      };
    });
  return { kind: 'infrastructure', differences, servers: [...created, ...removed], removedBy: remove?.name ?? '' };
}

function givenToRemove(remove: Runbook, state: ResourceState, environment: string | undefined): JsonObject {
  const { name, inputs, outputs } = state;
  const { group = '', type = '', region = '' } = state.declared ?? {};
  const where: JsonObject = environment === undefined ? {} : { environment };
  return offeredTo(remove, { ...inputs, ...outputs, ...where, name, group, type, region });
}

/** Servers of which nobody knows what is left, and of which too little was recorded for the handler. */
export function stuckAmong(about: {
  readonly resources: readonly ResourceState[];
  readonly environment?: string;
  readonly remove: Runbook;
}): readonly StuckServer[] {
  const { resources, environment, remove } = about;
  return resources
    .filter(({ kind, declared, status }) => kind === serverKind && declared && status === 'uncertain')
    .filter((each) => each.environment === environment)
    .flatMap((state) => {
      const given = givenToRemove(remove, state, environment);
      const checked = validateInputs({ declared: remove.inputs ?? {}, given });
      if (checked.ok) return [];
      return [{ name: state.name, runbook: remove.name, inputs: checked.problems.map(({ input }) => input) }];
    });
}

/** Of what is known of a server, a handler gets what it declares. */
function offeredTo({ inputs = {} }: Runbook, known: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(known).filter(([name]) => Object.hasOwn(inputs, name)));
}

function stepId(what: string, name: string): string {
  return `${what}_${name.replace(/[^a-z0-9]/g, '_')}`;
}

/** Path of the step that is about a server in the plan. */
export function stepOfServer({ servers }: InfrastructureWork, { id, act }: ServerWork): string {
  return act === 'create' && isSeveral(servers) ? `${creating}/${id}` : id;
}

function isSeveral(servers: readonly ServerWork[]): boolean {
  return servers.filter(({ act }) => act === 'create').length > 1;
}

/** The steps as they would be written in a runbook, and the inputs that their expressions look at. */
export function infrastructureSteps({ servers }: InfrastructureWork): {
  readonly steps: readonly RunbookStep[];
  readonly inputs: JsonObject;
} {
  const steps = servers.map(({ id, act, words, handler, given }): RunbookStep => {
    // What was declared or told by a provider may look like an expression, so it goes by way of the inputs.
    const inputs = Object.fromEntries(Object.keys(given).map((name) => [name, `\${{ inputs.${id}.${name} }}`]));
    return {
      id,
      name: words,
      uses: 'runbook',
      with: { runbook: handler.name, inputs },
      // Servers that are gone already do not come back by undoing the new ones, so people say what is to be done.
      ...(act === 'destroy' ? { 'on-failure': 'ask' as const } : {}),
    };
  });
  const creates = steps.filter((_, index) => servers[index]!.act === 'create');
  const removes = steps.filter((_, index) => servers[index]!.act === 'destroy');
  const group: RunbookStep = {
    id: creating,
    name: 'Create the servers',
    uses: 'parallel',
    with: { concurrency: atOnce },
    steps: creates,
  };
  return {
    steps: [...(isSeveral(servers) ? [group] : creates), ...removes],
    inputs: Object.fromEntries(servers.map(({ id, given }) => [id, given])),
  };
}

/** Why handlers cannot do what they are named for. Full sentences. */
export function handlerProblems({ servers }: InfrastructureWork): readonly string[] {
  const ofServers = servers.flatMap(({ act, handler, given, words }) => {
    const checked = validateInputs({ declared: handler.inputs ?? {}, given });
    if (checked.ok) return [];
    const remedy =
      act === 'destroy'
        ? ' Whoever owns the policy repository can give that input a default, so that the runbook finds the server by its name.'
        : '';
    return checked.problems.map(({ message }) => `“${words}” cannot run ${handler.name}: ${message}${remedy}`);
  });
  const looking = new Set(servers.flatMap(({ handler }) => (handler.resolve?.length ? [handler.name] : [])));
  return [
    ...ofServers.slice(0, 5),
    ...[...looking].map(
      (name) =>
        `The runbook ${name} has "resolve" steps, which a handler of servers cannot have; move them into its steps.`,
    ),
  ];
}
