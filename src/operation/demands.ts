import type { RunbookDemand } from '../policy/request';
import type { Filed, Repository } from '../policy/read-repository';
import { insideOf } from '../runbooks/circle';
import type { Runbook } from '../runbooks/schema';
import { libraryOf } from './library-of';
import { workFor, type WorkRequest } from './work';

/**
 * What the runbooks that would run for a request ask for by themselves: the one that is named or that policy names, and
 * all that run inside of it, so that a runbook around another is no way round what that one asks.
 */
export function demandsFor(
  repository: Repository,
  request: WorkRequest,
  /** What the request takes away, or what is declared. */
  { resource, infrastructure }: Pick<Parameters<typeof workFor>[0], 'resource' | 'infrastructure'> = {},
): readonly RunbookDemand[] {
  if (request.kind === 'policy' || !hasDemands(repository)) return [];
  const { services, environments } = repository.policy;
  const found = workFor({
    repository,
    request,
    ...(resource && { resource }),
    ...(infrastructure && { infrastructure }),
    service: request.service === undefined ? undefined : services.get(request.service),
    environment: request.environment === undefined ? undefined : environments.get(request.environment),
  });
  if (found.kind === 'none') return [];
  const { work } = found;
  const first =
    work.kind === 'runbook' || work.kind === 'teardown'
      ? [work.runbook]
      : work.kind === 'rollout'
        ? [work.handler, ...Object.values(work.prerequisites ?? {})]
        : work.kind === 'infrastructure'
          ? [...new Set(work.servers.map(({ handler }) => handler))]
          : [];
  const library = libraryOf(repository);
  const inside = first.flatMap((runbook) => insideOf(runbook, library)).filter(({ what }) => what === 'runbook');
  const names = new Set([...first.map(({ name }) => name), ...inside.map(({ name }) => name)]);
  return [...names].flatMap((name) => {
    const filed = repository.runbooks.get(name);
    return filed && asks(filed.document) ? [demandOf(filed)] : [];
  });
}

function demandOf({ document, file, lineOf = () => 1 }: Filed<Runbook>): RunbookDemand {
  const { name, approvals = [], windows = [] } = document;
  return {
    runbook: name,
    approvals: approvals.map((asked) =>
      typeof asked === 'string' ? { team: asked, count: 1 } : { team: asked.team, count: asked.count ?? 1 },
    ),
    windows,
    source: {
      approvals: { file, line: lineOf(['approvals']) },
      windows: { file, line: lineOf(['windows']) },
    },
  };
}

const known = new WeakMap<Repository, boolean>();

/** Most repositories have none, and then nobody has to look for what would run. */
function hasDemands(repository: Repository): boolean {
  const before = known.get(repository);
  if (before !== undefined) return before;
  const has = [...repository.runbooks.values()].some(({ document }) => asks(document));
  known.set(repository, has);
  return has;
}

function asks({ approvals, windows }: Runbook): boolean {
  return approvals !== undefined || windows !== undefined;
}
