import { digestOf } from '../src/canonical';
import type { AskedOf } from '../src/commands/asked';
import {
  differencesFor,
  infrastructureProblems,
  nothingToDo,
  otherLossSentence,
  unreadableProblems,
  type InfrastructureCase,
} from '../src/infrastructure/declared';
import { isEmptyDifference, losingGroups, losingServers } from '../src/infrastructure/difference';
import { operationIdOf } from '../src/operation/ids';
import type { OperationRequest } from '../src/operation/request';
import type { MadeBy } from '../src/resources/resource';
import { askedSubject } from '../src/operation/title';
import type { Answer, AnswerDeps } from './answers';
import { startOperation } from './intake';
import { askedIn, type AskedFrom } from './requests';
import { handedOver, refused } from './said';
import { bounded } from './temporal';

type ServersAsked = AskedOf<'provision.servers'>;

/** What is compared: the servers of a group, or of all. */
export function groupsAskedOf({ environment, group }: Pick<ServersAsked, 'environment' | 'group'>) {
  return {
    ...(environment !== undefined && { environment }),
    infrastructure: { ...(group !== undefined && { group }) },
  };
}

/** Declared servers against those that are there, and their bringing about. The workflow looks again and decides. */
export async function answerAboutServers(deps: AnswerDeps, asked: ServersAsked, from: AskedFrom): Promise<Answer> {
  const { environment, group } = asked;
  const about = groupsAskedOf(asked);
  const infrastructure = await lookedAt(deps, about);
  if (infrastructure === undefined)
    return refused(
      'away',
      'The policy repository or the ledger does not answer in time, so nobody can say which servers are declared; try again in a minute.',
    );
  const [unreadable] = unreadableProblems(about, infrastructure);
  if (unreadable !== undefined || infrastructure.declared.kind === 'unreadable')
    return refused('bad_request', unreadable ?? 'Nobody can say which servers are declared.');
  const differences = differencesFor(about, infrastructure);
  if (!asked.apply) {
    const { branch, commit } = infrastructure.declared;
    return { kind: 'servers', view: { ...about, ...(group && { group }), branch, commit, differences } };
  }
  if (isEmptyDifference(differences)) return { kind: 'told', sentence: nothingToDo(about, differences) };
  const loses = losingServers(differences);
  const confirmed = asked.confirm !== undefined && { confirmed: asked.confirm, loses };
  const [problem] = infrastructureProblems(
    { ...about, infrastructure: { ...about.infrastructure, ...confirmed } },
    infrastructure,
  );
  const [losing, ...others] = losingGroups(differences);
  if (problem !== undefined && losing !== undefined && others.length === 0 && asked.confirm === undefined)
    return {
      kind: 'confirm_group',
      losing,
      loses,
      ...(group && { group }),
      ...(environment && { environment }),
      sentence: problem,
    };
  if (problem !== undefined) return refused('bad_request', problem);
  if (losing !== undefined && asked.shown !== undefined && asked.shown !== digestOf(loses))
    return refused('bad_request', otherLossSentence(losing, { now: loses }));
  const request = serversRequest(deps, { asked, loses, from });
  const { id } = request;
  return handedOver(await startOperation(deps, request), {
    id,
    what: askedSubject(request),
    notAfter: request.notAfter,
  });
}

/** What is declared and what is there; undefined where nobody says in time. */
export async function lookedAt(
  deps: Pick<AnswerDeps, 'infrastructure' | 'waits' | 'log'>,
  about: Pick<OperationRequest, 'environment' | 'infrastructure'>,
): Promise<InfrastructureCase | undefined> {
  if (!deps.infrastructure) return undefined;
  return bounded(deps.infrastructure(about), deps.waits.look).catch((error: unknown) => {
    deps.log.info({ err: error }, 'nobody said in time which servers are declared');
    return undefined;
  });
}

/** The request to bring the declared servers about. */
export function serversRequest(
  deps: Pick<AnswerDeps, 'now' | 'waits'>,
  { asked, loses, from }: { readonly asked: ServersAsked; readonly loses: MadeBy; readonly from: AskedFrom },
): OperationRequest {
  const { deliveryId } = from;
  const { group, environment, confirm } = asked;
  return {
    id: operationIdOf({ kind: 'infrastructure', subject: group ?? 'servers', environment, deliveryId }),
    kind: 'infrastructure',
    infrastructure: {
      ...(group !== undefined && { group }),
      ...(confirm !== undefined && { confirmed: confirm, loses }),
    },
    ...(environment !== undefined && { environment }),
    inputs: {},
    labels: [],
    raise: {},
    ...askedIn(deps, asked, from),
  };
}
