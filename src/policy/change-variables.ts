import { matchesGlob } from '../code/path-pattern';
import type { Json } from '../json';
import type { Policy } from './policy';
import type { PolicyRequest, World } from './request';

const hourMs = 3_600_000;

/**
 * Fields of `change` that say what is to be brought there. One that nobody can tell is left out, so that a condition on
 * it cannot be evaluated, which counts as the strictest; only `authors_known` is always there.
 */
export function changeVariables(input: {
  readonly policy: Pick<Policy, 'migrations'>;
  readonly request: PolicyRequest;
  readonly world: World;
  readonly now: Date;
}): { readonly [field: string]: Json } {
  const { policy, request, world } = input;
  const { change = {}, paths } = world;
  const { linesAdded, linesRemoved } = change;
  const lines = linesAdded === undefined || linesRemoved === undefined ? undefined : linesAdded + linesRemoved;
  return {
    authors_known: request.authors !== undefined && (request.strangers ?? []).length === 0,
    ...known('hours_since_last_success', hoursSinceLastSuccess(input)),
    ...known('open_incidents', openIncidents(input)),
    ...known('commit', change.commit),
    ...known('ref', change.ref),
    ...known('paths', paths && [...paths]),
    ...known('commits', change.commits),
    ...known('files_changed', change.filesChanged),
    ...known('lines_added', linesAdded),
    ...known('lines_removed', linesRemoved),
    ...known('lines_changed', lines),
    ...known('has_migration', hasMigration(policy.migrations, paths)),
    ...known('is_step_back', change.isStepBack),
    ...known('first_by_author', change.firstByAuthor),
  };
}

function hasMigration(migrations: readonly string[], paths: World['paths']): boolean | undefined {
  if (migrations.length === 0) return undefined;
  return paths?.some((path) => migrations.some((glob) => matchesGlob(path, glob)));
}

function known(field: string, value: Json | undefined): { readonly [field: string]: Json } {
  return value === undefined ? {} : { [field]: value };
}

/** Whole hours since a version last succeeded there that still counts; undefined when none did. */
function hoursSinceLastSuccess({ request, world, now }: Parameters<typeof changeVariables>[0]): number | undefined {
  const instants = (world.history ?? [])
    .filter(
      ({ service, environment, rolledBackAt }) =>
        service === request.service && environment === request.environment && rolledBackAt === undefined,
    )
    .map(({ succeededAt }) => Date.parse(succeededAt));
  if (instants.length === 0) return undefined;
  return Math.max(0, Math.floor((now.getTime() - Math.max(...instants)) / hourMs));
}

/** Open incidents of the service, there or anywhere; undefined when nobody looked. */
function openIncidents({ request, world }: Parameters<typeof changeVariables>[0]): number | undefined {
  return world.incidents?.filter(
    ({ state, service, environment }) =>
      state !== 'resolved' &&
      service !== undefined &&
      service === request.service &&
      (environment === undefined || environment === request.environment),
  ).length;
}
