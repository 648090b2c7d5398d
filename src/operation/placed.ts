import { handlersThatRun } from '../policy/handlers';
import type { Repository } from '../policy/read-repository';
import type { Runbook } from '../runbooks/schema';
import type { OperationRequest } from './request';

/** A request with the service and the environment it is about, by which policy judges it. */
export interface Placed {
  readonly request: OperationRequest;
  /** Full sentences: why nobody can say by whose rules it is to be judged. */
  readonly problems: readonly string[];
}

/**
 * What a runbook's inputs name as service and environment is what its request is about: its windows, freezes,
 * approvals and lane are those of that place, as if it had been asked for with --service and --environment.
 */
export function placed(
  request: OperationRequest,
  { runbooks, policy }: Pick<Repository, 'runbooks' | 'policy'>,
): Placed {
  if (request.kind !== 'runbook' && request.kind !== 'provision') return { request, problems: [] };
  const runbook = runbooks.get(request.runbook ?? '')?.document;
  const services = unique([request.service, ...namesIn(runbook, request, 'service')]);
  const environments = unique([request.environment, ...namesIn(runbook, request, 'environment')]);
  const [service, environment] = [services[0], environments[0]];
  const known = [...policy.environments.keys()].slice(0, 12).join(', ');
  // A handler is refused whatever place it names.
  const isHandler = handlersThatRun(policy, request.runbook).length > 0;
  const problems = [
    ...(services.length > 1 ? [several(request, 'service', services)] : []),
    ...(environments.length > 1 ? [several(request, 'environment', environments)] : []),
    ...(service !== undefined && environment === undefined
      ? [
          `The runbook ${request.runbook} works on ${service}, so policy has to know where; ask again with --environment and one of ${known}.`,
        ]
      : []),
  ];
  return {
    request: {
      ...request,
      ...(service === undefined ? {} : { service }),
      ...(environment === undefined ? {} : { environment }),
    },
    problems: isHandler ? [] : problems,
  };
}

/** Values of the inputs of one type, defaults and entries of lists included. */
function namesIn(
  runbook: Runbook | undefined,
  { inputs: given }: OperationRequest,
  type: 'service' | 'environment',
): readonly string[] {
  return Object.entries(runbook?.inputs ?? {}).flatMap(([name, spec]) => {
    const isMeant = spec.type === type || (spec.type === 'list' && spec.items?.type === type);
    if (!isMeant) return [];
    const value = Object.hasOwn(given, name) ? given[name] : spec.default;
    const entries = typeof value === 'string' && spec.type === 'list' ? value.split(',') : [value].flat();
    return entries.filter((entry) => typeof entry === 'string').map((entry) => entry.trim());
  });
}

function unique(names: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(names.filter((name) => name !== undefined && name !== ''))] as readonly string[];
}

function several({ runbook }: OperationRequest, what: string, names: readonly string[]): string {
  return `This request of the runbook ${runbook} names more than one ${what} (${names.join(', ')}), and policy judges one at a time; ask for each by itself.`;
}
