import type { AskedOf } from '../src/commands/asked';
import { operationIdOf, shortIdIn } from '../src/operation/ids';
import type { OperationRequest } from '../src/operation/request';
import { goneSentence, madeAnewSentence } from '../src/operation/resource-of';
import { askedSubject } from '../src/operation/title';
import { resourcesShown } from '../src/messages/resource-words';
import { isThere, resourcesNamed, resourceWords, type ResourceState } from '../src/resources/resource';
import { parseDuration } from '../src/runbooks/duration';
import { leaseId } from '../workflows/contract';
import type { Answer, AnswerDeps } from './answers';
import { startOperation } from './intake';
import { actBodyOf, askedIn, notAfter, type AskedFrom } from './requests';
import { handedOver, refused, told } from './said';
import { bounded, within } from './temporal';
import { actResult, relayAct } from './votes';

type ResourceAsked = AskedOf<'provision.list' | 'provision.destroy' | 'provision.extend'>;

/** What people ask about things that were provisioned. The ledger says what there is; the workflows decide. */
export async function answerAboutResources(deps: AnswerDeps, asked: ResourceAsked, from: AskedFrom): Promise<Answer> {
  const states = await statesIn(deps);
  if (states === undefined)
    return refused(
      'away',
      'The ledger does not answer in time, so nobody can say what there is; try again in a minute.',
    );
  if (asked.kind === 'provision.list') {
    const { words } = asked;
    return { kind: 'resources', resources: resourcesShown(states, { words, person: from.requester.id }) };
  }
  const named = stateNamed(states, asked.resource);
  if (named.kind === 'none') return named.answer;
  const { state } = named;
  return asked.kind === 'provision.extend'
    ? extend(deps, { asked, state, from })
    : destroy(deps, { asked, state, from });
}

type Named =
  | { readonly kind: 'one'; readonly state: ResourceState }
  | { readonly kind: 'none'; readonly answer: Extract<Answer, { kind: 'refused' }> };

/** The one thing that a word names, or why there is none. */
export function stateNamed(states: readonly ResourceState[], word: string): Named {
  const [state, ...others] = resourcesNamed(states, word);
  const none = (code: 'not_found' | 'bad_request', sentence: string): Named => ({
    kind: 'none',
    answer: refused(code, sentence),
  });
  if (state === undefined)
    return none('not_found', `Nothing that was provisioned is called ${word}; /provision list shows what there is.`);
  if (others.length === 0) return { kind: 'one', state };
  const words = [state, ...others].map(({ kind, name }) => `${kind}/${name}`).join(', ');
  return none('bad_request', `Several things are called ${word}, so say which: ${words}.`);
}

/** Everything that was provisioned; undefined where the ledger does not say in time. */
export async function statesIn(
  deps: Pick<AnswerDeps, 'resources' | 'waits' | 'log'>,
): Promise<readonly ResourceState[] | undefined> {
  if (!deps.resources) return [];
  return bounded(deps.resources(), deps.waits.look).catch((error: unknown) => {
    deps.log.info({ err: error }, 'the ledger did not say in time what was provisioned');
    return undefined;
  });
}

async function destroy(
  deps: AnswerDeps,
  about: { readonly asked: AskedOf<'provision.destroy'>; readonly state: ResourceState; readonly from: AskedFrom },
): Promise<Answer> {
  const { asked, state } = about;
  const words = resourceWords(state);
  const request = destroyRequest(deps, about);
  if (!isThere(state)) return { kind: 'told', sentence: goneSentence(request, state)! };
  const busy = state.status === 'destroying' ? state.underWay?.operation : undefined;
  if (busy !== undefined && (await isOpen(deps, busy)))
    return {
      kind: 'joined',
      id: busy,
      sentence: `The ${words} is being taken away already (${shortIdIn(busy)}), so nothing more was started; its card says how that goes.`,
    };
  if (asked.of !== undefined && asked.of !== state.operation) return refused('bad_request', madeAnewSentence(state));
  if (state.data === 'lost' && asked.confirm === undefined)
    return {
      kind: 'confirm',
      resource: { kind: state.kind, name: state.name },
      of: state.operation,
      sentence: `Destroying the ${words} loses its data, so nothing was started; type its name once more: /provision destroy ${state.kind}/${state.name} --confirm ${state.name}.`,
    };
  if (state.data === 'lost' && asked.confirm !== state.name)
    return refused(
      'bad_request',
      `Destroying the ${words} loses its data, and "${asked.confirm?.slice(0, 60)}" is not its name, so nothing was started; confirm it with ${state.name}.`,
    );
  const { id } = request;
  return handedOver(await startOperation(deps, request), {
    id,
    what: askedSubject(request),
    notAfter: request.notAfter,
  });
}

/** The request to take a thing away, which means the one that is there now. */
export function destroyRequest(
  deps: Pick<AnswerDeps, 'now' | 'waits'>,
  {
    asked,
    state,
    from,
  }: { readonly asked: AskedOf<'provision.destroy'>; readonly state: ResourceState; readonly from: AskedFrom },
): OperationRequest {
  const { kind, name, service, environment, runbook, operation: of } = state;
  const { deliveryId } = from;
  return {
    id: operationIdOf({ kind: 'destroy', subject: name, environment, deliveryId }),
    kind: 'destroy',
    resource: { kind, name, of, ...(asked.confirm !== undefined && { confirmed: asked.confirm }) },
    runbook,
    ...(service !== undefined && { service }),
    ...(environment !== undefined && { environment }),
    inputs: {},
    labels: [],
    raise: {},
    ...askedIn(deps, asked, from),
  };
}

/** Nobody knows: then it is not, and whoever asks is not kept from asking. */
async function isOpen(deps: AnswerDeps, workflowId: string): Promise<boolean> {
  return within(deps.temporal, deps.waits.look, () => deps.temporal.workflow.getHandle(workflowId).describe()).then(
    ({ status }) => status.name === 'RUNNING',
    () => false,
  );
}

async function extend(
  deps: AnswerDeps,
  {
    asked,
    state,
    from,
  }: { readonly asked: AskedOf<'provision.extend'>; readonly state: ResourceState; readonly from: AskedFrom },
): Promise<Answer> {
  if (!isThere(state) || state.expiresAt === undefined)
    return refused(
      'bad_request',
      `The ${resourceWords(state)} ${isThere(state) ? 'has no lease' : 'is gone'}, so there is nothing to extend.`,
    );
  const act = { kind: 'extend', byMs: parseDuration(asked.by)! } as const;
  const body = actBodyOf(deps, { workflowId: leaseId(state.operation), act, from });
  const relayed = await relayAct(deps, { body, notAfter: notAfter(deps) });
  if (relayed.kind === 'accepted') await from.onKept?.();
  return told(await actResult(relayed));
}
