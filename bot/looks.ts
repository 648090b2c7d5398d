import type { WorkflowExecutionInfo } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow';
import type { IncidentView } from '../src/incidents/incident';
import type { WaitingLine } from '../src/messages/home';
import { freeSeats } from '../src/messages/operation-card';
import type { IncidentLine, OperationLine, StatusView } from '../src/messages/status';
import { shortIdIn } from '../src/operation/ids';
import type { OperationRequest } from '../src/operation/request';
import type { OperationState, OperationView } from '../src/operation/view';
import {
  BLIND,
  BLIND_MEMO,
  SEARCH_ATTRIBUTES,
  TITLE_MEMO,
  VIEW_QUERY,
  WORKFLOWS,
  type OperationInput,
  type ViewAsked,
} from '../workflows/contract';
import type { BotDeps } from './deps';
import { bounded, isGone, Late, within } from './temporal';

const runningIncidents = `WorkflowType = '${WORKFLOWS.incident}' AND ExecutionStatus = 'Running'`;

export type LookDeps = Pick<BotDeps, 'temporal' | 'waits'>;

const sinceKey = defineSearchAttributeKey(SEARCH_ATTRIBUTES.since.name, 'DATETIME');

/** How many operations a list reads at most. */
const listMax = 100;
/** How many views one list asks workflows for: each is a query that needs a worker. */
const queryMax = 25;
/** How many cards one list asks Slack the address of. */
const linkMax = 25;

/** The operation's or incident's own view of itself, or nothing when there is no such workflow. */
export async function viewOf<View extends OperationView | IncidentView>(
  deps: LookDeps,
  id: string,
  asked: ViewAsked = {},
): Promise<View | undefined> {
  try {
    return await within(deps.temporal, deps.waits.look, () =>
      deps.temporal.workflow.getHandle(id).query<View, [ViewAsked]>(VIEW_QUERY, asked),
    );
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** How something that no longer runs ended, in one sentence; from its search attributes, so no worker is needed. */
export async function outcomeSentence(deps: LookDeps, id: string): Promise<string> {
  try {
    const limit = Math.min(deps.waits.look, 700);
    const described = await within(deps.temporal, limit, () => deps.temporal.workflow.getHandle(id).describe());
    const state = keywordOf(described, SEARCH_ATTRIBUTES.state.name) ?? described.status.name.toLowerCase();
    return `This has already ended (${state.replaceAll('_', ' ')}), so nothing was changed; ask for it again if it is still wanted.`;
  } catch {
    return 'This has already ended or is no longer known, so nothing was changed; ask for it again if it is still wanted.';
  }
}

/** What was asked for, as it was handed over; read from history, so no worker is needed. */
export async function originalRequest(deps: LookDeps, id: string): Promise<OperationRequest | undefined> {
  const { workflow } = deps.temporal;
  try {
    return await within(deps.temporal, Math.min(deps.waits.look, 1_000), async () => {
      const page = await workflow.workflowService.getWorkflowExecutionHistory({
        namespace: workflow.options.namespace,
        execution: { workflowId: id },
        maximumPageSize: 1,
      });
      const started = page.history?.events?.[0]?.workflowExecutionStartedEventAttributes;
      const decoded = await decodeArrayFromPayloads(workflow.options.loadedDataConverter, started?.input?.payloads);
      return (decoded[0] as OperationInput | undefined)?.request.body;
    });
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** The full id of an operation of which a person typed all or the last part; nothing when none is found. */
export async function fullIdOf(deps: LookDeps, typed: string): Promise<string | undefined> {
  if (typed.includes('-')) return typed;
  const query = `WorkflowType IN ('${WORKFLOWS.operation}', '${WORKFLOWS.incident}')`;
  const found = await listWorkflows(deps, query, 1_000);
  return found.find((each) => shortIdIn(each.workflowId) === typed)?.workflowId;
}

/** Everything under way: operations from search attributes and memos, incidents from their own view. Says what it leaves out. */
export async function statusOf(deps: LookDeps): Promise<StatusView> {
  const [running, incidents, blind] = await Promise.all([
    listWorkflows(deps, `WorkflowType = '${WORKFLOWS.operation}' AND ExecutionStatus = 'Running'`, listMax + 1),
    // Without a worker incidents say nothing; the operations are still worth showing.
    openIncidents(deps).catch((error: unknown) => error as Error),
    blindWatches(deps),
  ]);
  const operations = running.slice(0, listMax).map(operationLineOf);
  const watches = blind.length === 0 ? {} : { blind };
  if (incidents instanceof Error)
    return {
      operations,
      incidents: [],
      ...watches,
      cut: [
        ...moreThan(running.length, listMax, 'operations'),
        'Incidents do not answer, so none is listed; look again in a minute.',
      ],
    };
  const cut = [
    ...moreThan(running.length, listMax, 'operations'),
    ...(incidents.left > 0
      ? [`${incidents.left} more ${incidents.left === 1 ? 'incident is' : 'incidents are'} open and not listed.`]
      : []),
  ];
  return {
    operations,
    incidents: incidents.views.map(incidentLineOf),
    ...watches,
    ...(cut.length === 0 ? {} : { cut }),
  };
}

/** A sentence for each watch that sees nothing. */
async function blindWatches(deps: LookDeps): Promise<readonly string[]> {
  const query = `WorkflowType IN ('${WORKFLOWS.metricWatch}', '${WORKFLOWS.pushWatch}') AND ExecutionStatus = 'Running' AND ${SEARCH_ATTRIBUTES.state.name} = '${BLIND}'`;
  const found = await listWorkflows(deps, query);
  return found.map(({ workflowId, memo }) => {
    const why: unknown = memo?.[BLIND_MEMO];
    return `The watch of the runbook ${workflowId.slice(workflowId.indexOf('/') + 1)} is blind and starts nothing. ${typeof why === 'string' ? why : ''}`.trim();
  });
}

/** The same with the addresses of the cards, as far as Slack gives them in time. */
export async function withLinks(
  deps: Pick<BotDeps, 'web' | 'waits'>,
  lines: readonly OperationLine[],
): Promise<readonly OperationLine[]> {
  const linked = lines.map(async (line, index) => {
    const { card } = line;
    if (card === undefined || index >= linkMax) return line;
    const asked = deps.web.chat.getPermalink({ channel: card.channel, message_ts: card.ts });
    const permalink = await bounded(asked, deps.waits.look).then(
      (answer) => answer.permalink,
      () => undefined,
    );
    return permalink === undefined ? line : { ...line, permalink };
  });
  return Promise.all(linked);
}

/** Newest first. */
export async function recentOperations(deps: LookDeps): Promise<readonly OperationLine[]> {
  return (await listWorkflows(deps, `WorkflowType = '${WORKFLOWS.operation}'`)).map(operationLineOf);
}

/** Open incidents as they see themselves, and how many more there are that did not say. Throws `Late` when none of them answers. */
export async function openIncidents(
  deps: LookDeps,
): Promise<{ readonly views: readonly IncidentView[]; readonly left: number }> {
  const running = await listWorkflows(deps, runningIncidents);
  const views = await viewsOf<IncidentView>(deps, running);
  if (running.length > 0 && views.length === 0) throw new Late('no open incident answers');
  return { views, left: running.length - views.length };
}

/** The open incident that has this id, or whose id ends in it, however many are open. */
export async function openIncident(deps: LookDeps, typed: string): Promise<IncidentView | undefined> {
  const running = await listWorkflows(deps, runningIncidents, 1_000);
  const found = running.find(({ workflowId }) => workflowId === typed || shortIdIn(workflowId) === typed);
  return found && viewOf<IncidentView>(deps, found.workflowId);
}

/** What one person sees on the Home tab, without what waits for them. */
export async function mineOf(deps: LookDeps, person: string): Promise<readonly OperationLine[]> {
  const query = `WorkflowType = '${WORKFLOWS.operation}' AND ExecutionStatus = 'Running' AND ${SEARCH_ATTRIBUTES.requester.name} = '${quoted(person)}'`;
  return (await listWorkflows(deps, query)).map(operationLineOf);
}

/** Operations with a free seat for one of these teams, with the ballot that a press would be about. */
export async function waitingFor(
  deps: LookDeps,
  asked: { readonly person: string; readonly teams: readonly string[] },
): Promise<readonly WaitingLine[]> {
  if (asked.teams.length === 0) return [];
  const teams = asked.teams.map((team) => `'${quoted(team)}'`).join(', ');
  const query = `ExecutionStatus = 'Running' AND ${SEARCH_ATTRIBUTES.waitingFor.name} IN (${teams})`;
  const views = await viewsOf<OperationView>(deps, await listWorkflows(deps, query));
  return views
    .filter((view) => view.requester.id !== asked.person)
    .flatMap((view) => {
      const ballot = view.ballots.find(
        (each) =>
          each.takes === 'votes' &&
          each.purpose === undefined &&
          each.seats.some(
            (seat) => !seat.filledBy && (seat.anyOf ?? [seat.team]).some((team) => asked.teams.includes(team)),
          ),
      );
      if (ballot === undefined) return [];
      const { id, digest, secondFactor } = ballot;
      return [{ ...lineOfView(view), ballot: { id, digest, ...(secondFactor && { secondFactor }) } }];
    });
}

async function viewsOf<View extends OperationView | IncidentView>(
  deps: LookDeps,
  running: readonly WorkflowExecutionInfo[],
): Promise<readonly View[]> {
  const asked = running.slice(0, queryMax).map((each) => viewOf<View>(deps, each.workflowId).catch(() => undefined));
  return (await Promise.all(asked)).filter((view): view is Awaited<View> => view !== undefined);
}

/** Workflows as lists show them, newest first. */
export async function listWorkflows(
  deps: LookDeps,
  query: string,
  max = listMax,
): Promise<readonly WorkflowExecutionInfo[]> {
  return bounded(
    within(deps.temporal, deps.waits.look, async () => {
      const found: WorkflowExecutionInfo[] = [];
      for await (const info of deps.temporal.workflow.list({ query, pageSize: Math.min(max, 200) })) {
        found.push(info);
        if (found.length >= max) break;
      }
      return found;
    }),
    deps.waits.look + 200,
  );
}

function operationLineOf(info: WorkflowExecutionInfo): OperationLine {
  const { kind, service, environment, requester, state, card } = SEARCH_ATTRIBUTES;
  const teams = info.typedSearchAttributes.get(
    defineSearchAttributeKey(SEARCH_ATTRIBUTES.waitingFor.name, 'KEYWORD_LIST'),
  );
  const titled: unknown = info.memo?.[TITLE_MEMO];
  const words = [keywordOf(info, kind.name) ?? 'operation', keywordOf(info, service.name)].filter(Boolean).join(' ');
  const place = keywordOf(info, environment.name);
  return {
    id: info.workflowId,
    shortId: shortIdIn(info.workflowId),
    title: typeof titled === 'string' ? titled : place === undefined ? words : `${words} in ${place}`,
    state: (keywordOf(info, state.name) ?? 'preparing') as OperationState,
    since: (info.typedSearchAttributes.get(sinceKey) ?? info.startTime).toISOString(),
    requester: keywordOf(info, requester.name) ?? 'unknown',
    ...(teams === undefined || teams.length === 0 ? {} : { waitingFor: teams }),
    ...cardIn(keywordOf(info, card.name)),
  };
}

/** `C0DEPLOYS/1700000000.000100`, as the workflow writes it. */
function cardIn(place: string | undefined): Pick<OperationLine, 'card'> {
  const [channel, ts] = place?.split('/') ?? [];
  return channel && ts ? { card: { channel, ts } } : {};
}

function moreThan(found: number, max: number, what: string): readonly string[] {
  return found > max ? [`There are more ${what}: only the newest ${max} are listed.`] : [];
}

function lineOfView(view: OperationView): OperationLine {
  const { id, shortId, title, state, since } = view;
  return { id, shortId, title, state, since, requester: view.requester.id, waitingFor: freeSeats(view) };
}

function incidentLineOf(view: IncidentView): IncidentLine {
  const { id, shortId, summary, severity, state, since } = view;
  return { id, shortId, summary, severity, state, since, ...(view.roles.lead ? { lead: view.roles.lead } : {}) };
}

function keywordOf(info: Pick<WorkflowExecutionInfo, 'typedSearchAttributes'>, name: string): string | undefined {
  return info.typedSearchAttributes.get(defineSearchAttributeKey(name, 'KEYWORD'));
}

/** For a visibility query's quotes. Ids and team names have none; what has is not found rather than read as a query. */
function quoted(text: string): string {
  return text.replace(/['\\]/g, '');
}
