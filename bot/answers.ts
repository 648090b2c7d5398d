import type { Asked, AskedOf } from '../src/commands/asked';
import { changingKinds } from '../src/commands/grammar';
import { helpFor, helpText } from '../src/commands/help';
import type { Holds } from '../src/holds/holds';
import { HoldsUnknown } from '../src/holds/read-holds';
import type { IncidentAct, IncidentView } from '../src/incidents/incident';
import { shortIdIn } from '../src/operation/ids';
import type { RunbookList } from '../src/messages/runbook-list';
import type { ServersView } from '../src/messages/server-words';
import type { StatusView } from '../src/messages/status';
import type { ToldResult } from '../src/messages/vote-modals';
import type { ActAnswer } from '../src/operation/ports';
import { askedSubject } from '../src/operation/title';
import type { OperationView } from '../src/operation/view';
import type { MadeBy, ResourceRef, ResourceState } from '../src/resources/resource';
import type { ExplainedLine } from '../src/policy/explain';
import type { BotDeps, Catalogue } from './deps';
import type { SecondFactors } from './second-factors';
import { actOnHolds, holdsNow, isHoldAsked } from './holds';
import { declareIncident, type Declaration } from './incidents';
import { startOperation, type IntakeDeps } from './intake';
import { handedOver, refused, told } from './said';
import { whatIf } from './what-if';
import { runbooksFor } from './runbooks';
import { answerAboutResources } from './resources';
import type { LogShown } from '../src/messages/log-view';
import { answerAboutLogs } from './logs';
import { reviewLines } from './reviews';
import { answerAboutServers } from './servers';
import { fullIdOf, openIncident, openIncidents, statusOf, viewOf, withLinks } from './looks';
import {
  actBodyOf,
  asksForOperation,
  incidentOf,
  notAfter,
  requestOf,
  type AskedFrom,
  type OperationAsked,
} from './requests';
import type { Relay } from './relaying';
import { bounded, isAway } from './temporal';
import { actResult, relayAct } from './votes';

/** What somebody is told, by whichever door they came. */
export type Answer =
  | { readonly kind: 'started' | 'joined' | 'kept'; readonly id: string; readonly sentence: string }
  | {
      readonly kind: 'refused';
      readonly code: 'bad_request' | 'not_found' | 'away';
      readonly sentence: string;
      readonly about?: readonly string[];
    }
  /** `about`: people whom the sentence is about, by Slack user id. */
  | { readonly kind: 'told'; readonly sentence: string; readonly about?: readonly string[] }
  | { readonly kind: 'holds'; readonly holds: Holds }
  | { readonly kind: 'resources'; readonly resources: readonly ResourceState[] }
  /** Its name has to be typed first. `of`: the operation that made it. */
  | { readonly kind: 'confirm'; readonly resource: ResourceRef; readonly of: string; readonly sentence: string }
  | { readonly kind: 'servers'; readonly view: ServersView }
  /** A group would lose data: its name has to be typed first. `group`: what was asked for; `loses`: its servers. */
  | {
      readonly kind: 'confirm_group';
      readonly losing: string;
      readonly loses: MadeBy;
      readonly group?: string;
      readonly environment?: string;
      readonly sentence: string;
    }
  | { readonly kind: 'lines'; readonly lines: readonly string[] }
  | { readonly kind: 'explained'; readonly lines: readonly ExplainedLine[] }
  | { readonly kind: 'runbooks'; readonly list: RunbookList }
  | { readonly kind: 'status'; readonly status: StatusView }
  | { readonly kind: 'log'; readonly log: LogShown }
  | { readonly kind: 'operation'; readonly view: OperationView }
  | { readonly kind: 'incident'; readonly view: IncidentView };

export type AnswerDeps = IntakeDeps & BotDeps & { readonly secondFactors: SecondFactors };

/** Whether an answer has to be durable before it is acknowledged, as opposed to a look that can be repeated. */
export function mustBeKept(asked: Asked): boolean {
  if (asked.kind === 'provision.servers') return asked.apply === true;
  return changingKinds.includes(asked.kind) || asked.kind.startsWith('incident.') || isHoldAsked(asked);
}

/** Does what was asked: hands over what starts or changes something, looks up the rest. */
export async function answer(deps: AnswerDeps, asked: Asked, from: AskedFrom): Promise<Answer> {
  if (asksForOperation(asked)) return begin(deps, asked, from);
  if (isHoldAsked(asked)) return actOnHolds(deps, asked, from);
  switch (asked.kind) {
    case 'incident.declare':
      return declare(deps, asked, from);
    case 'incident.update':
      return actOnIncident(deps, asked, from, { kind: 'update', text: asked.text });
    case 'incident.assign':
      return actOnIncident(deps, asked, from, { kind: 'assign', role: asked.role, user: asked.user });
    case 'incident.mitigate':
      return actOnIncident(deps, asked, from, { kind: 'mitigate', ...textOf(asked) });
    case 'incident.resolve':
      return actOnIncident(deps, asked, from, { kind: 'resolve', ...textOf(asked) });
    case 'provision.list':
    case 'provision.destroy':
    case 'provision.extend':
      return answerAboutResources(deps, asked, from);
    case 'provision.servers':
      return answerAboutServers(deps, asked, from);
    case 'runbook.list':
      return listRunbooks(deps, { of: 'runbook', words: asked.words ?? '' }, from);
    case 'status':
      return looked(async () => ({ kind: 'status', status: await statusIn(deps) }));
    case 'locks':
      return looked(async () => ({ kind: 'holds', holds: await holdsNow(deps) }));
    case 'reviews':
      return looked(async () => ({ kind: 'lines', lines: await reviewLines(deps) }));
    case 'show':
      return looked(() => show(deps, asked.id));
    case 'logs':
      return looked(() => answerAboutLogs(deps, asked, from));
    case 'why':
      return { kind: 'explained', lines: await deps.explain({ ...asked, person: from.requester.id }) };
    case 'what-if':
      return whatIf(deps, asked, { ...from, catalogue: await catalogueIn(deps) });
    case 'help':
      return help(deps, asked, from);
    default:
      return refused('bad_request', 'That is not something Signalbox can do.');
  }
}

/** The catalogue, or nothing when Git is slow: it only serves suggestions and names for values. */
export async function catalogueIn(deps: Pick<BotDeps, 'catalogue' | 'waits' | 'log'>): Promise<Catalogue | undefined> {
  try {
    return await bounded(deps.catalogue(), deps.waits.catalogue);
  } catch (error) {
    deps.log.debug({ err: error }, 'no catalogue in time; going on without suggestions');
    return undefined;
  }
}

async function begin(deps: AnswerDeps, asked: OperationAsked, from: AskedFrom): Promise<Answer> {
  const needsNames = 'positional' in asked;
  const made = requestOf(deps, asked, from, needsNames ? await catalogueIn(deps) : undefined);
  if (!made.ok) return refused('bad_request', made.problem);
  const { request } = made;
  const about = { id: request.id, what: askedSubject(request), notAfter: request.notAfter };
  return handedOver(await startOperation(deps, request), about);
}

/** Declares an incident, or joins the one that is open about the same operation. */
export async function declare(
  deps: AnswerDeps,
  asked: AskedOf<'incident.declare'>,
  from: AskedFrom & { readonly operationId?: string },
): Promise<Answer> {
  if (from.requester.kind === 'machine')
    return refused('bad_request', 'Incidents are declared by people; let the alert start a runbook instead.');
  const request = incidentOf(deps, asked, from);
  // Where policy cannot be read in time, the channel it was declared in is better than no incident.
  const channel = (await catalogueIn(deps))?.incidentChannel ?? from.channel ?? '#incidents';
  const until = notAfter(deps);
  const declared = await declareIncident(deps, { request, channel, notAfter: until });
  switch (declared.kind) {
    case 'joins':
      return joinedAnswer(deps, declared, channel);
    case 'too_many':
      return refused(
        'bad_request',
        'So many incidents were opened about this operation that no more is opened from its card; declare one with /incident declare.',
      );
    case 'own': {
      const what = declared.former
        ? `The incident about this, ${shortIdIn(declared.former)}, is over, so a new one`
        : 'The incident';
      return handedOver(declared.over, { id: declared.id, what, notAfter: until });
    }
  }
}

/** The incident says itself that somebody came in; here is only what is known before the acknowledgement. */
async function joinedAnswer(
  deps: AnswerDeps,
  { id, relayed }: Extract<Declaration, { kind: 'joins' }>,
  channel: string,
): Promise<Answer> {
  const result = await quickResult(deps, relayed);
  if (result.kind === 'refused') return refused('bad_request', result.sentence);
  const said = `An incident about this is already open (${shortIdIn(id)})`;
  const sentence =
    result.kind === 'counted'
      ? `${said}, so you joined it and what you wrote is in its timeline; its card in ${channel} says who leads.`
      : `${said}, so you come into it with what you wrote; its card in ${channel} shows when that has happened.`;
  return { kind: 'joined', id, sentence };
}

async function actOnIncident(
  deps: AnswerDeps,
  asked: { readonly incident?: string },
  from: AskedFrom,
  act: IncidentAct,
): Promise<Answer> {
  if (from.requester.kind === 'machine') return refused('bad_request', 'Only people act on incidents.');
  const found = await looked(() => incidentMeant(deps, asked.incident, from.channel));
  if (found.kind !== 'incident') return found;
  const body = actBodyOf(deps, { workflowId: found.view.id, act, from });
  const relayed = await relayAct(deps, { body, notAfter: notAfter(deps) });
  return told(await quickResult(deps, relayed));
}

/** Still before the acknowledgement: only what is known at once is waited for. */
function quickResult(deps: Pick<BotDeps, 'waits'>, relayed: Relay<ActAnswer>): Promise<ToldResult> {
  const quick = { waits: { ...deps.waits, answer: 500 } };
  return actResult(relayed.kind === 'accepted' ? { ...relayed, answer: () => soon(relayed.answer, quick) } : relayed);
}

async function soon<Result>(
  ask: () => Promise<Result | undefined>,
  deps: Pick<BotDeps, 'waits'>,
): Promise<Result | undefined> {
  return bounded(ask(), deps.waits.answer).catch(() => undefined);
}

/** The incident that is meant: the one named, else the one of this channel, else the only one. */
async function incidentMeant(
  deps: AnswerDeps,
  named: string | undefined,
  channel: string | undefined,
): Promise<Answer> {
  const quick = { ...deps, waits: { ...deps.waits, look: Math.min(deps.waits.look, 500) } };
  if (named !== undefined) {
    const meant = await openIncident(quick, named);
    return meant ? { kind: 'incident', view: meant } : refused('not_found', `No open incident has the id ${named}.`);
  }
  const { views: open, left } = await openIncidents(quick);
  const here = open.filter((view) => view.roomChannel !== undefined && view.roomChannel === channel);
  const [only, ...others] = here.length > 0 ? here : open;
  if (only === undefined) return refused('not_found', 'No incident is open; declare one with /incident declare.');
  // Another one that did not say may be the one of this channel.
  if (others.length === 0 && (left === 0 || here.length > 0)) return { kind: 'incident', view: only };
  const ids = [only, ...others].map((view) => `${view.shortId} (${view.summary.slice(0, 40)})`).join(', ');
  return refused('bad_request', `Several incidents are open; say which with --id: ${ids}.`);
}

/** What this person may ask for; without an answer in time everything is shown, since policy has the last word anyway. */
async function help(deps: AnswerDeps, { topic }: AskedOf<'help'>, { requester }: AskedFrom): Promise<Answer> {
  const inTime = <Part>(work: Promise<Part>, instead: Part): Promise<Part> =>
    bounded(work, deps.waits.catalogue).catch(() => instead);
  const [may, nothing] = await Promise.all([
    inTime<(kind: Asked['kind']) => boolean>(deps.mayRequest(requester.id), () => true),
    requester.kind === 'person' && deps.whyNothing ? inTime(deps.whyNothing(requester.id), undefined) : undefined,
  ]);
  if (nothing !== undefined) return { kind: 'told', sentence: nothing };
  const entries = helpFor({ topic, may });
  if (entries.length === 0)
    return {
      kind: 'told',
      sentence: `Policy lets you ask for no /${topic} anywhere; /signalbox help lists what you may ask for, and the owner of the policy repository can change that.`,
    };
  return { kind: 'lines', lines: helpText(entries).split('\n') };
}

/** What is under way, with links to the cards and what holds work back. A part that is late is left out. */
async function statusIn(deps: AnswerDeps): Promise<StatusView> {
  const [status, holding, held] = await Promise.all([
    statusOf(deps),
    deps.holding ? bounded(deps.holding(), deps.waits.catalogue).catch(() => undefined) : undefined,
    holdsNow(deps).catch(() => undefined),
  ]);
  return { ...status, ...holding, ...(held && { held }), operations: await withLinks(deps, status.operations) };
}

async function show(deps: AnswerDeps, typed: string): Promise<Answer> {
  const id = await fullIdOf(deps, typed);
  const view = id === undefined ? undefined : await viewOf<OperationView | IncidentView>(deps, id, { steps: 'all' });
  if (view === undefined)
    return refused(
      'not_found',
      `No operation ${typed} is known; Temporal keeps finished ones for a while, and the ledger keeps them for good.`,
    );
  return 'severity' in view ? { kind: 'incident', view } : { kind: 'operation', view };
}

/** `/runbook list`, and what `/runbook` and `/provision` without words show. */
export async function listRunbooks(
  deps: AnswerDeps,
  asked: { readonly of: RunbookList['of']; readonly words?: string },
  { requester }: Pick<AskedFrom, 'requester'>,
): Promise<Answer> {
  const catalogue = await catalogueIn(deps);
  if (catalogue === undefined)
    return refused(
      'away',
      'The policy repository does not answer right now, so the runbooks cannot be listed; try again.',
    );
  return { kind: 'runbooks', list: await runbooksFor(deps, { words: '', ...asked, requester }, catalogue) };
}

async function looked(look: () => Promise<Answer>): Promise<Answer> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof HoldsUnknown) return refused('away', `Nobody can say what is held, because ${error.message}.`);
    if (!isAway(error)) throw error;
    return refused(
      'away',
      'Temporal or its workers do not answer right now, so there is nothing to show; what runs goes on, so look again in a minute.',
    );
  }
}

function textOf(asked: { readonly text?: string }): { readonly text?: string } {
  return asked.text === undefined ? {} : { text: asked.text };
}
