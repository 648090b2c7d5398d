import type { JsonObject } from '../json';
import type { Environment, Service } from '../policy/policy';
import { handlerFor, handlersThatRun } from '../policy/handlers';
import type { Filed, Repository } from '../policy/read-repository';
import type { Rollout } from '../rollouts/schema';
import type { Work } from '../runbooks/compile-input';
import { insideOf } from '../runbooks/circle';
import { resourceWords, type ResourceState } from '../resources/resource';
import type { Runbook } from '../runbooks/schema';
import { differencesFor, unreadableProblems, type InfrastructureCase } from '../infrastructure/declared';
import { infrastructureWork, stuckAmong } from '../infrastructure/work';
import type { StuckServer } from '../infrastructure/difference';
import { libraryOf } from './library-of';
import { goneSentence } from './resource-of';
import type { OperationRequest } from './request';

export type WorkSources = readonly { readonly path: string; readonly blob: string }[];

export type WorkAnswer =
  | {
      readonly kind: 'found';
      readonly work: Work;
      /** Files it was made from. */
      readonly sources: WorkSources;
    }
  /** Full sentences: what is missing, who can add it. */
  | { readonly kind: 'none'; readonly problems: readonly string[] };

/** What of a request says which work it is. */
export type WorkRequest = Pick<
  OperationRequest,
  'kind' | 'service' | 'environment' | 'version' | 'runbook' | 'rollout' | 'resource' | 'infrastructure'
>;

interface About {
  /** What the request takes away, as the ledger knows it. */
  readonly resource?: ResourceState;
  /** What files declare and what is there; absent where nobody has looked. */
  readonly infrastructure?: InfrastructureCase;
  readonly repository: Repository;
  readonly request: WorkRequest;
  readonly service?: Service;
  readonly environment?: Environment;
}

/** What will run for a request: the runbook it names, the service's rollout, or the handler that policy names. */
export function workFor(about: About): WorkAnswer {
  const { request, repository } = about;
  switch (request.kind) {
    case 'policy':
      return { kind: 'found', work: { kind: 'policy' }, sources: [] };
    case 'destroy':
      return takenAwayBy(about);
    case 'infrastructure':
      return declaredServers(about);
    case 'provision':
    case 'runbook':
      return named(repository, request);
    case 'rollback': {
      const rollback = handledBy(about, 'rollback');
      return rollback.kind === 'found' ? rollback : handledBy(about, 'deploy');
    }
    case 'deploy': {
      const rollout = rolloutFor(about);
      if (rollout === 'missing')
        return none(`There is no rollout called ${request.rollout}; look in deployments/ of the policy repository.`);
      return rollout ? staged(about, rollout) : handledBy(about, 'deploy');
    }
  }
}

function named(repository: Repository, { kind, runbook }: WorkRequest): WorkAnswer {
  const filed = repository.runbooks.get(runbook ?? '');
  const isProvision = filed?.file.startsWith('runbooks/provision/') ?? false;
  if (filed && (kind !== 'provision' || isProvision)) return found(repository, filed);
  const known = [...repository.runbooks.values()]
    .filter(({ file }) => kind !== 'provision' || file.startsWith('runbooks/provision/'))
    .filter(({ document }) => handlersThatRun(repository.policy, document.name).length === 0)
    .map(({ document }) => document.name);
  const list = known.length > 0 ? `there are: ${known.join(', ')}` : 'there are none yet';
  const folder = kind === 'provision' ? 'runbooks/provision/' : 'runbooks/';
  return none(`There is no runbook "${runbook ?? ''}" in ${folder} of the policy repository; ${list}.`);
}

/** The runbook that takes a thing away, with what was recorded of it; or the undo of the one that made it. */
function takenAwayBy({ repository, request, resource }: About): WorkAnswer {
  const gone = goneSentence(request, resource);
  if (gone !== undefined || !resource) return none(gone ?? '');
  const { destroy, runbook: by } = resource;
  const words = resourceWords(resource);
  const name = destroy.how === 'undo' ? by : destroy.runbook;
  const filed = repository.runbooks.get(name);
  if (!filed)
    return none(
      `The runbook ${name}, which takes the ${words} away, is no longer in the policy repository; whoever owns that has to put it back.`,
    );
  const { document: runbook } = filed;
  const answer = found(repository, filed);
  if (answer.kind === 'none') return answer;
  if (destroy.how === 'runbook') {
    const { service, environment, inputs, outputs } = resource;
    const recorded: JsonObject = {
      ...(service && { service }),
      ...(environment && { environment }),
      ...inputs,
      ...outputs,
    };
    const wanted = Object.entries(recorded).filter(([input]) => Object.hasOwn(runbook.inputs ?? {}, input));
    const { kind } = resource;
    const given = Object.fromEntries(wanted);
    return { ...answer, work: { kind: 'runbook', runbook, given, destroys: { kind, name: resource.name } } };
  }
  if (!resource.undoing)
    return none(
      `Nobody knows what ${resource.operation} had done for the ${words} when it ended, so its undo cannot be done by itself; look at that operation, provision it once more under the same name, and then destroy it.`,
    );
  return { ...answer, work: { kind: 'teardown', runbook, resource } };
}

/** The handlers for the servers that have to be created and removed. */
function declaredServers(about: About): WorkAnswer {
  const { request, repository, infrastructure } = about;
  if (!infrastructure) return none('Nobody has looked which servers are declared, so nothing can be said of them.');
  const problems = unreadableProblems(request, infrastructure);
  if (problems.length > 0 || infrastructure.declared.kind === 'unreadable') return none(...problems);
  const differences = differencesFor(request, infrastructure);
  const { sources } = infrastructure.declared;
  const creates = differences.some((each) => each.creates.length > 0);
  const paths = sources.map(({ path }) => path);
  const handler = (what: string) => handlerRunbook(about, what, paths);
  const create = creates ? handler('server.create') : undefined;
  // What is created has to be removable, or nobody could ever undeclare it.
  const remove = creates || differences.some((each) => each.removes.length > 0) ? handler('server.remove') : undefined;
  const missing = [create, remove].filter((each) => typeof each === 'string');
  if (missing.length > 0) return none(...missing);
  const [by, away] = [create, remove].map((each) => (each as Filed<Runbook> | undefined)?.document);
  const { environment } = request;
  const { resources } = infrastructure;
  const work = infrastructureWork({
    differences,
    resources,
    ...(environment !== undefined && { environment }),
    create: by,
    remove: away,
  });
  const filed = [create, remove].flatMap((each) => (each as Filed<Runbook> | undefined) ?? []);
  const inside = filed.flatMap(({ document }) => sourcesInside(repository, document));
  return { kind: 'found', work, sources: [...sources, ...filed.map(sourceOf), ...inside] };
}

/** Declared servers that the handler cannot take away with what is known of them. */
export function stuckServers(
  about: Pick<About, 'request' | 'repository'> & { readonly infrastructure: InfrastructureCase },
): readonly StuckServer[] {
  const { request, repository, infrastructure } = about;
  const { declared, resources } = infrastructure;
  if (declared.kind === 'unreadable') return [];
  const { environment } = request;
  const place = repository.policy.environments.get(environment ?? '');
  const paths = declared.sources.map(({ path }) => path);
  const remove = handlerRunbook({ request, repository, ...(place && { environment: place }) }, 'server.remove', paths);
  if (typeof remove === 'string') return [];
  return stuckAmong({ resources, remove: remove.document, ...(environment !== undefined && { environment }) });
}

function rolloutFor({ repository, request }: About): Filed<Rollout> | 'missing' | undefined {
  if (request.rollout !== undefined) return repository.rollouts.get(request.rollout) ?? 'missing';
  const own = [...repository.rollouts.values()].find(
    ({ document, file }) => (document.service ?? stem(file)) === request.service,
  );
  return own;
}

function staged(about: About, rollout: Filed<Rollout>): WorkAnswer {
  const handler = handlerRunbook(about, 'rollout.target');
  if (typeof handler === 'string') return none(handler);
  const prerequisites: { [name: string]: Runbook } = {};
  const sources = [sourceOf(rollout), sourceOf(handler)];
  for (const entry of rollout.document.prerequisites ?? []) {
    const name = Object.keys(entry)[0]!;
    const runbook = handlerRunbook(about, `prerequisite.${name}`);
    if (typeof runbook === 'string') return none(runbook);
    prerequisites[name] = runbook.document;
    sources.push(sourceOf(runbook));
  }
  const work: Work = { kind: 'rollout', rollout: rollout.document, handler: handler.document, prerequisites };
  const inside = [handler.document, ...Object.values(prerequisites)].flatMap((document) =>
    sourcesInside(about.repository, document),
  );
  return { kind: 'found', work, sources: [...sources, ...inside] };
}

function handledBy(about: About, what: string): WorkAnswer {
  const handler = handlerRunbook(about, what);
  return typeof handler === 'string' ? none(handler) : found(about.repository, handler);
}

/** The runbook of the first handler that fits, or the sentence that says why there is none. */
function handlerRunbook(about: About, what: string, paths?: readonly string[]): Filed<Runbook> | string {
  const { repository, service, environment, request } = about;
  const variables: JsonObject = {
    service: service?.document ?? {},
    environment: { name: environment?.name ?? '', branch: environment?.branch ?? '', path: environment?.path ?? '' },
    change: {
      kind: request.kind,
      service: request.service ?? '',
      environment: request.environment ?? '',
      version: request.version ?? '',
    },
  };
  const answer = handlerFor({ policy: repository.policy, what, variables, ...(paths && { paths }) });
  if (answer.kind === 'none')
    return `Policy names no handler for ${what} of ${request.service ?? 'this'}; whoever owns the policy repository can add one under handlers in policy.yaml.`;
  if (answer.kind === 'broken')
    return `The condition of a handler for ${what} (${answer.handler.source.file}:${answer.handler.source.line}) cannot be evaluated: ${answer.message}; whoever owns the policy repository has to mend it.`;
  return (
    repository.runbooks.get(answer.handler.runbook) ??
    `The handler for ${what} names the runbook ${answer.handler.runbook}, which does not exist; whoever owns the policy repository has to add runbooks/${answer.handler.runbook}.yaml.`
  );
}

function found(repository: Repository, filed: Filed<Runbook>): WorkAnswer {
  const sources = [sourceOf(filed), ...sourcesInside(repository, filed.document)];
  return { kind: 'found', work: { kind: 'runbook', runbook: filed.document }, sources };
}

/** Files of the runbooks and actions that run inside another, each once. */
function sourcesInside(repository: Repository, document: Runbook): WorkSources {
  return insideOf(document, libraryOf(repository)).flatMap(({ what, name }) => {
    const filed = (what === 'action' ? repository.actions : repository.runbooks).get(name);
    return filed ? [sourceOf(filed)] : [];
  });
}

function none(...problems: string[]): WorkAnswer {
  return { kind: 'none', problems };
}

function sourceOf({ file, blob }: { readonly file: string; readonly blob: string }): WorkSources[number] {
  return { path: file, blob };
}

function stem(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1).replace(/\.ya?ml$/, '');
}
