import type { JsonObject } from '../json';
import type { JudgedServer } from '../operation/judgement';
import type { OperationRequest } from '../operation/request';
import type { Library } from '../runbooks/library';
import { runbookDigest } from '../runbooks/teardown';
import { planPartOf, type InfrastructureCase } from './declared';
import { serverKind } from './difference';
import { stepOfServer, type InfrastructureWork } from './work';

/** Environment of the lanes of declared servers: no environment of a policy is called that. */
const infrastructureLanes = '@infrastructure';

/** The queue in front of the declared servers of an environment: one operation at a time creates or removes any. */
export function laneOfServers({ environment }: Pick<OperationRequest, 'environment'>) {
  return {
    service: environment === undefined ? 'servers' : `servers.${environment}`,
    environment: infrastructureLanes,
  };
}

/** The servers that a plan creates and removes, as the ledger will know them. */
export function judgedServers(about: {
  readonly work: InfrastructureWork;
  readonly request: OperationRequest;
  readonly infrastructure: InfrastructureCase;
  readonly library: Pick<Library, 'runbooks' | 'actions'>;
  readonly policyCommit: string;
}): readonly JudgedServer[] {
  const { work, request, infrastructure, library, policyCommit } = about;
  const { requester, environment } = request;
  const commit = infrastructure.declared.kind === 'read' ? infrastructure.declared.commit : '';
  const { removedBy } = work;
  return work.servers.map((each): JudgedServer => {
    const ref = { kind: serverKind, name: each.name, step: stepOfServer(work, each) };
    const { server, handler, given, of = '', replacedBy } = each;
    if (!server) return { ...ref, act: 'destroy', of, ...(replacedBy !== undefined && { replacedBy }) };
    const { group, number, type, region, data, replaces } = server;
    return {
      ...ref,
      act: 'create',
      ...(replaces !== undefined && { replaces }),
      about: {
        runbook: handler.name,
        ...(environment !== undefined && { environment }),
        owner: { kind: requester.kind, id: requester.id },
        inputs: { ...given, name: each.name, group, number, type, region },
        data: data ? 'lost' : 'kept',
        destroy: { how: 'runbook', runbook: removedBy },
        teardown: runbookDigest(removedBy, library) ?? '',
        policyCommit,
        declared: { group, type, region, commit },
      },
    };
  });
}

/** What policy knew of these servers when their plan was approved, whatever has become of them since. */
export function judgedPlanOf(servers: readonly JudgedServer[]): JsonObject {
  return planPartOf({
    creates: servers.filter(({ act }) => act === 'create'),
    removes: servers.filter(({ act }) => act === 'destroy'),
  });
}
