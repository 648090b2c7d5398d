import { WorkflowExecutionAlreadyStartedError, type WorkflowStartOptions, type Workflow } from '@temporalio/client';
import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';
import type { IncidentRequest } from '../src/incidents/incident';
import type { KnownPerson } from '../src/operation/asker';
import { relay } from '../src/operation/relay';
import { shortIdIn } from '../src/operation/ids';
import type { OperationRequest, Relayed } from '../src/operation/request';
import { askedTitle } from '../src/operation/title';
import {
  SEARCH_ATTRIBUTES,
  SEVERITY_MEMO,
  TITLE_MEMO,
  WORKER_QUEUE,
  WORKFLOWS,
  type IncidentInput,
  type OperationInput,
} from '../workflows/contract';
import type { BotDeps } from './deps';
import type { Kept, Spill } from './spill';
import { isAway, within } from './temporal';
import type { Turns } from './turns';

export type IntakeDeps = Pick<BotDeps, 'temporal' | 'relayKey' | 'timings' | 'waits' | 'log' | 'known'> & {
  readonly spill?: Spill;
  /** Bounds how many starts are under way at once. */
  readonly turns?: Turns;
  /** Counts hand-overs for metrics. */
  readonly count?: (what: string, outcome: string) => void;
};

/** How a hand-over ended. Only the first three let the caller acknowledge with good news. */
export type HandedOver =
  /** Temporal has it. */
  | { readonly kind: 'started' }
  /** Temporal had it already: a second delivery, or somebody was faster. */
  | { readonly kind: 'already' }
  /** The spill queue has it; it is started later, unless its `notAfter` passes first. */
  | { readonly kind: 'kept' }
  /** Nobody has it. */
  | { readonly kind: 'lost' };

/** Signs a request and hands it over durably: to Temporal, else to the spill queue. Never throws for an outage. */
export async function startOperation(deps: IntakeDeps, request: OperationRequest): Promise<HandedOver> {
  const payload = relay('request', request, deps.relayKey);
  const { requester } = request;
  // What is kept is started without: it would be stale by then.
  const known = requester.kind === 'person' ? knownPerson(deps, requester.id) : undefined;
  return orKeep(deps, { kind: 'start', payload, notAfter: request.notAfter }, () =>
    startRelayedOperation(deps, payload, known),
  );
}

/** What is freshly known of a person, signed. */
export function knownPerson(
  { known, relayKey }: Pick<IntakeDeps, 'known' | 'relayKey'>,
  user: string,
): Relayed<KnownPerson> | undefined {
  const person = known?.(user);
  return person && relay('person', person, relayKey);
}

/** The same for an incident. `already`: one about the same cause is open, and the caller joined it. */
export async function startIncident(
  deps: IntakeDeps,
  asked: { readonly request: IncidentRequest; readonly channel: string; readonly notAfter: string },
): Promise<HandedOver> {
  const payload = relay('incident', asked.request, deps.relayKey);
  const { channel, notAfter } = asked;
  return orKeep(deps, { kind: 'incident', payload, channel, notAfter }, () =>
    startRelayedIncident(deps, { payload, channel }),
  );
}

async function orKeep(deps: IntakeDeps, kept: Kept, start: () => Promise<'started' | 'already'>): Promise<HandedOver> {
  const over = await startOrKeep(deps, kept, start);
  deps.count?.(kept.kind === 'start' ? 'operation' : kept.kind, over.kind);
  return over;
}

async function startOrKeep(
  deps: IntakeDeps,
  kept: Kept,
  start: () => Promise<'started' | 'already'>,
): Promise<HandedOver> {
  const { turns, waits, spill } = deps;
  // Without a Redis there is nothing to keep it in, so that time is better spent in line.
  const patience = spill ? waits.turn : waits.turn + waits.keep;
  try {
    return { kind: await (turns ? turns.take(patience, start) : start()) };
  } catch (error) {
    if (!isAway(error)) throw error;
    deps.log.info({ reason: (error as Error).message }, 'Temporal does not answer in time; the delivery is kept');
    return { kind: (await spill?.keep(kept)) === true ? 'kept' : 'lost' };
  }
}

/** Starts a signed request; equal ids are one operation, whoever delivers them and however often. */
export async function startRelayedOperation(
  deps: Pick<IntakeDeps, 'temporal' | 'timings' | 'waits'>,
  payload: Relayed<OperationRequest>,
  known?: Relayed<KnownPerson>,
): Promise<'started' | 'already'> {
  const { body } = payload;
  const input: OperationInput = { request: payload, ...(known && { known }), timings: deps.timings };
  const title = cut(askedTitle(body), 200);
  return start(deps, WORKFLOWS.operation, {
    workflowId: body.id,
    args: [input],
    // What lists show, so that no list has to ask each workflow.
    memo: { [TITLE_MEMO]: title },
    staticSummary: title,
    staticDetails: cut(`Asked by ${body.requester.id} via ${body.requester.via}: ${body.asked.text}`, 2_000),
    typedSearchAttributes: [
      ...keyword(SEARCH_ATTRIBUTES.kind.name, body.kind),
      ...keyword(SEARCH_ATTRIBUTES.state.name, 'preparing'),
      ...keyword(SEARCH_ATTRIBUTES.service.name, body.service),
      ...keyword(SEARCH_ATTRIBUTES.environment.name, body.environment),
      ...keyword(SEARCH_ATTRIBUTES.requester.name, body.requester.id),
    ],
  });
}

export async function startRelayedIncident(
  deps: Pick<IntakeDeps, 'temporal' | 'timings' | 'waits'>,
  asked: { readonly payload: Relayed<IncidentRequest>; readonly channel: string },
): Promise<'started' | 'already'> {
  const { body } = asked.payload;
  const input: IncidentInput = { request: asked.payload, channel: asked.channel, timings: deps.timings };
  return start(deps, WORKFLOWS.incident, {
    workflowId: body.id,
    args: [input],
    memo: { [SEVERITY_MEMO]: body.severity },
    staticSummary: cut(`${body.severity} ${body.service ?? ''} incident ${shortIdIn(body.id)}`, 200),
    staticDetails: cut(`Declared by ${body.declaredBy}: ${body.summary}`, 2_000),
    typedSearchAttributes: [
      ...keyword(SEARCH_ATTRIBUTES.kind.name, 'incident'),
      ...keyword(SEARCH_ATTRIBUTES.state.name, 'declared'),
      ...keyword(SEARCH_ATTRIBUTES.service.name, body.service),
      ...keyword(SEARCH_ATTRIBUTES.environment.name, body.environment),
      ...keyword(SEARCH_ATTRIBUTES.requester.name, body.declaredBy),
    ],
  });
}

type StartOptions = Omit<WorkflowStartOptions<Workflow>, 'taskQueue' | 'args'> & { readonly args: unknown[] };

async function start(
  deps: Pick<IntakeDeps, 'temporal' | 'waits'>,
  workflow: string,
  options: StartOptions,
): Promise<'started' | 'already'> {
  try {
    await within(deps.temporal, deps.waits.handOver, () =>
      deps.temporal.workflow.start(workflow, {
        ...options,
        taskQueue: WORKER_QUEUE,
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        // FAIL and not USE_EXISTING, so that whoever joins can be told that they joined; nothing is started either way.
        workflowIdConflictPolicy: 'FAIL',
      }),
    );
    return 'started';
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'already';
    throw error;
  }
}

function keyword(name: string, value: string | undefined): SearchAttributePair[] {
  return value === undefined ? [] : [{ key: defineSearchAttributeKey(name, 'KEYWORD'), value }];
}

/** At most `bytes` of UTF-8 on one line, cut between characters: Temporal counts bytes. */
function cut(text: string, bytes: number): string {
  let kept = '';
  let size = 0;
  for (const char of text.replace(/\s+/g, ' ').trim()) {
    size += Buffer.byteLength(char);
    if (size > bytes) break;
    kept += char;
  }
  return kept;
}
