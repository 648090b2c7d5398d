import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { MAX_COMMAND_TEXT, parseLine } from '../src/commands/grammar';
import type { Asked } from '../src/commands/asked';
import { incidentRoles } from '../src/commands/asked';
import { sentenceFor } from '../src/errors';
import type { IncidentView } from '../src/incidents/incident';
import type { OperationView } from '../src/operation/view';
import type { Json } from '../src/json';
import { alertmanagerBody } from '../src/triggers/alerts';
import { isTooDeep, mostHookBytes } from '../src/triggers/hook';
import { takeAlerts } from './alerts';
import { answer, catalogueIn, type Answer, type AnswerDeps } from './answers';
import { takeHook } from './hooks';
import { fullIdOf, recentOperations, viewOf } from './looks';
import { actBodyOf, callerKey, notAfter } from './requests';
import { isAway, within } from './temporal';
import type { Caller } from './tokens';
import { actResult, castVote, relayAct, secondFactorOf, voteResult } from './votes';

/** Bodies are commands and decisions; anything larger is a mistake. */
const bodyLimit = 256 * 1024;
/** Longest that a request may wait for an operation to end. Seconds. */
const longestWait = 55;

class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

type Handler = (asked: {
  readonly deps: AnswerDeps;
  readonly caller: Caller;
  readonly id: string;
  readonly body: unknown;
}) => Promise<Reply>;

interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: RegExp;
  /** As counted in metrics. */
  readonly name: string;
  readonly handle: Handler;
}

const routes: readonly Route[] = [
  { method: 'POST', path: /^\/api\/v1\/commands$/, name: 'commands', handle: command },
  { method: 'POST', path: /^\/api\/v1\/alerts$/, name: 'alerts', handle: alerts },
  { method: 'POST', path: /^\/api\/v1\/webhooks\/([^/]+)$/, name: 'webhooks', handle: webhook },
  { method: 'GET', path: /^\/api\/v1\/operations$/, name: 'operations', handle: operations },
  { method: 'GET', path: /^\/api\/v1\/operations\/([^/]+)$/, name: 'operation', handle: operation },
  { method: 'POST', path: /^\/api\/v1\/operations\/([^/]+)\/votes$/, name: 'votes', handle: vote },
  { method: 'POST', path: /^\/api\/v1\/operations\/([^/]+)\/acts$/, name: 'acts', handle: act },
];

/**
 * The API of the command line and of webhooks: every call presents a token, which says who it is. Answers are JSON;
 * what went wrong is `{error: {code, message}}`. Returns whether the path was one of its own.
 */
export async function serveApi(
  deps: AnswerDeps & { readonly countRequest?: (route: string, status: number) => void },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const path = new URL(request.url ?? '/', 'http://localhost').pathname;
  if (!path.startsWith('/api/')) return false;
  const matching = routes.filter((each) => each.path.test(path));
  const route = matching.find((each) => each.method === request.method);
  let reply: Reply;
  try {
    if (matching.length === 0) throw new ApiError(404, 'not_found', `There is nothing at ${path}.`);
    if (route === undefined)
      throw new ApiError(405, 'method_not_allowed', `${request.method} does not go with ${path}.`);
    const caller = callerOf(deps, request);
    const id = decodeURIComponent(route.path.exec(path)?.[1] ?? '');
    const body = route.method === 'POST' ? await jsonBody(request) : undefined;
    reply = await route.handle({ deps, caller, id, body });
  } catch (error) {
    reply = errorReply(deps, error);
  }
  deps.countRequest?.(route?.name ?? 'other', reply.status);
  if (!request.complete) request.resume();
  response.writeHead(reply.status, {
    'content-type': 'application/json; charset=utf-8',
    ...(reply.status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
  });
  response.end(JSON.stringify(reply.body));
  return true;
}

function callerOf(deps: AnswerDeps, request: IncomingMessage): Caller {
  const token = /^Bearer (\S{1,512})$/.exec(request.headers.authorization ?? '')?.[1];
  const caller = token === undefined ? undefined : deps.tokens.callerOf(token);
  if (caller === undefined)
    throw new ApiError(
      401,
      'unauthorized',
      'A token is needed: send Authorization: Bearer <token>; whoever runs Signalbox enters tokens in TOKENS_FILE.',
    );
  return caller;
}

const commandBody = z.strictObject({
  /** `deploy checkout v1 to staging` */
  text: z
    .string()
    .min(1)
    .max(MAX_COMMAND_TEXT + 40),
  /** Chosen by the caller: the same key is the same request, however often it is sent. */
  key: z.string().min(1).max(200),
  /** Inputs of a runbook that do not go on a line. */
  inputs: z.record(z.string(), z.string()).optional(),
  /** Seconds to wait for the operation to end. */
  wait: z.number().min(0).max(longestWait).optional(),
});

async function command({ deps, caller, body }: Parameters<Handler>[0]): Promise<Reply> {
  const given = valid(commandBody, body);
  const catalogue = await catalogueIn(deps);
  const known = catalogue && { ...catalogue, runbooks: catalogue.runbooks.map((each) => each.name) };
  const parsed = parseLine({ text: given.text, known });
  if (!parsed.ok) {
    const meant = parsed.didYouMean === undefined ? '' : ` Did you mean: ${parsed.didYouMean}`;
    throw new ApiError(400, 'bad_request', `${parsed.problem}${meant}`);
  }
  if (!caller.may(parsed.asked.kind))
    throw new ApiError(
      403,
      'forbidden',
      `This token may not ask for ${parsed.asked.kind}; whoever runs Signalbox can allow it.`,
    );
  const asked = withInputs(parsed.asked, given.inputs);
  const once = catalogue === undefined ? deps : { ...deps, catalogue: () => Promise.resolve(catalogue) };
  const from = { requester: caller.requester, deliveryId: callerKey(caller.requester, given.key), text: given.text };
  const answered = await answer(once, asked, from);
  if (given.wait !== undefined && given.wait > 0 && 'id' in answered) await ended(deps, answered.id, given.wait);
  return replyOf(deps, answered, given.wait !== undefined);
}

/** Alertmanager's webhook: what fires may start runbooks whose `on: alert` matches it. */
async function alerts({ deps, caller, body }: Parameters<Handler>[0]): Promise<Reply> {
  const by = machineOf(caller, 'Alerts');
  const taken = await takeAlerts(deps, { by, body: valid(alertmanagerBody, body) });
  return { status: 202, body: { kind: 'taken', ...taken } };
}

/** What any other service posts: its body may start the runbook of that name, if that has `on: webhook`. */
async function webhook({ deps, caller, id: runbook, body }: Parameters<Handler>[0]): Promise<Reply> {
  const by = machineOf(caller, 'Webhooks');
  if (isTooDeep(body as Json) || JSON.stringify(body).length > mostHookBytes)
    throw new ApiError(
      413,
      'too_large',
      `What a webhook posts may have ${mostHookBytes} bytes at most, and no more than 32 lists or objects in one another.`,
    );
  const catalogue = await catalogueIn(deps);
  const known = catalogue && [...catalogue.runbooks, ...catalogue.handlers].some(({ name }) => name === runbook);
  if (known === false) throw new ApiError(404, 'not_found', 'The policy in force has no runbook of that name.');
  await takeHook(deps, { by, runbook, body: valid(z.json(), body) });
  return { status: 202, body: { kind: 'taken' } };
}

/** Machines that may start runbooks post what happens. */
function machineOf({ requester, may }: Caller, what: string): string {
  if (requester.kind === 'machine' && may('runbook.run')) return requester.id;
  throw new ApiError(
    403,
    'forbidden',
    `${what} come with the token of a machine that may ask for runbook.run; whoever runs Signalbox enters it in TOKENS_FILE.`,
  );
}

function withInputs(asked: Asked, inputs: { readonly [name: string]: string } | undefined): Asked {
  if (inputs === undefined) return asked;
  if (asked.kind !== 'provision' && asked.kind !== 'runbook.run')
    throw new ApiError(400, 'bad_request', 'Only provision and runbook run take inputs.');
  return { ...asked, inputs: { ...asked.inputs, ...inputs } };
}

/** Resolves when the operation has ended or the time is up. */
async function ended(deps: AnswerDeps, id: string, seconds: number): Promise<void> {
  await within(deps.temporal, seconds * 1_000, () => deps.temporal.workflow.getHandle(id).result()).catch(
    (error: unknown) => deps.log.debug({ err: error, id }, 'the wait ended before the operation'),
  );
}

async function replyOf(deps: AnswerDeps, answered: Answer, withView: boolean): Promise<Reply> {
  switch (answered.kind) {
    case 'refused': {
      const status = { bad_request: 400, not_found: 404, away: 503 }[answered.code];
      throw new ApiError(status, answered.code, answered.sentence);
    }
    case 'confirm':
    case 'confirm_group':
      throw new ApiError(400, 'bad_request', answered.sentence);
    case 'started':
    case 'joined':
    case 'kept': {
      const view = withView ? await viewOf(deps, answered.id, { steps: 'all' }).catch(() => undefined) : undefined;
      return { status: 202, body: { ...answered, ...(view === undefined ? {} : { view }) } };
    }
    default:
      return { status: 200, body: answered };
  }
}

async function operations({ deps }: Parameters<Handler>[0]): Promise<Reply> {
  return { status: 200, body: { operations: await recentOperations(deps) } };
}

async function operation({ deps, id }: Parameters<Handler>[0]): Promise<Reply> {
  const full = await fullIdOf(deps, id);
  const view =
    full === undefined ? undefined : await viewOf<OperationView | IncidentView>(deps, full, { steps: 'all' });
  if (view === undefined) throw new ApiError(404, 'not_found', `Temporal knows no operation ${id}; the ledger may.`);
  return { status: 200, body: view };
}

const voteBody = z.strictObject({
  ballot: z.string().min(1).max(255),
  digest: z.string().min(1).max(128),
  decision: z.enum(['approve', 'reject']),
  reason: z.string().min(1).max(3_000).optional(),
  /** Of the caller's authenticator, for ballots that ask for one. */
  code: z.string().min(1).max(20).optional(),
  key: z.string().min(1).max(200),
});

async function vote({ deps, caller, id, body }: Parameters<Handler>[0]): Promise<Reply> {
  const by = personOf(caller);
  const given = valid(voteBody, body);
  const vote = { ballotId: given.ballot, by, actionId: callerKey(caller.requester, given.key) };
  const factor = await secondFactorOf(deps, { vote, code: given.decision === 'approve' ? given.code : undefined });
  if (factor.kind === 'refused') throw new ApiError(403, 'second_factor', factor.sentence);
  const relayed = await castVote(deps, {
    body: {
      format: 1,
      operationId: id,
      ballotDigest: given.digest,
      ...vote,
      decision: given.decision,
      ...(given.reason === undefined ? {} : { reason: given.reason }),
      ...factor.given,
      at: deps.now().toISOString(),
    },
    notAfter: notAfter(deps),
  });
  return resultReply(await voteResult(relayed));
}

const reason = z.string().trim().min(1).max(3_000);
/** As `question.id` of the operation's view has it; where it is given, nothing else is decided. */
const question = z.string().min(1).max(1_000).optional();
const acts = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('cancel') }),
  z.strictObject({ kind: z.literal('abort'), reason: reason.optional(), undo: z.literal('no').optional() }),
  z.strictObject({ kind: z.literal('pause') }),
  z.strictObject({ kind: z.literal('resume') }),
  z.strictObject({ kind: z.literal('retry_step'), question }),
  z.strictObject({ kind: z.literal('skip_step'), question }),
  z.strictObject({
    kind: z.literal('signal'),
    name: z.string().regex(/^[a-z][a-z0-9_-]{0,60}$/),
    payload: z
      .record(z.string(), z.json())
      .refine((given) => JSON.stringify(given).length <= 4_096, 'has at most 4 KiB')
      .optional(),
  }),
  z.strictObject({ kind: z.literal('retry_undo'), reason, question }),
  z.strictObject({ kind: z.literal('done_by_hand'), reason, question }),
  z.strictObject({ kind: z.literal('leave_it'), reason, question }),
  z.strictObject({ kind: z.literal('finish_watch') }),
  z.strictObject({ kind: z.literal('resync') }),
  z.strictObject({ kind: z.literal('update'), text: reason }),
  z.strictObject({ kind: z.literal('assign'), role: z.enum(incidentRoles), user: z.string().regex(/^[UW][A-Z0-9]+$/) }),
  z.strictObject({ kind: z.literal('mitigate'), text: reason.optional() }),
  z.strictObject({ kind: z.literal('resolve'), text: reason.optional() }),
]);
const actBody = z.strictObject({ act: acts, key: z.string().min(1).max(200) });

async function act({ deps, caller, id, body }: Parameters<Handler>[0]): Promise<Reply> {
  const given = valid(actBody, body);
  const relayed = await relayAct(deps, {
    body: actBodyOf(deps, {
      workflowId: id,
      act: given.act,
      from: { requester: caller.requester, deliveryId: callerKey(caller.requester, given.key) },
    }),
    notAfter: notAfter(deps),
  });
  return resultReply(await actResult(relayed));
}

function resultReply(result: Awaited<ReturnType<typeof voteResult>>): Reply {
  const status = { counted: 200, kept: 202, refused: 409 }[result.kind];
  if (result.kind === 'refused') throw new ApiError(status, 'refused', result.sentence);
  return { status, body: result };
}

/** Machines ask; people decide. What a machine may stop is the workflow's to say. */
function personOf(caller: Caller): string {
  if (caller.requester.kind === 'person') return caller.requester.id;
  throw new ApiError(403, 'forbidden', 'Only people vote; this token belongs to a machine.');
}

function valid<Value>(schema: z.ZodType<Value>, body: unknown): Value {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the body'}: ${issue.message}`);
  throw new ApiError(400, 'bad_request', `The body cannot be used: ${problems.slice(0, 5).join('; ')}.`);
}

async function jsonBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimit) throw new ApiError(413, 'too_large', `A body may have ${bodyLimit} bytes at most.`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    throw new ApiError(400, 'bad_request', 'The body is not JSON.');
  }
}

function errorReply(deps: AnswerDeps, error: unknown): Reply {
  if (error instanceof ApiError)
    return { status: error.status, body: { error: { code: error.code, message: error.message } } };
  if (isAway(error)) {
    const message = 'Temporal or its workers do not answer right now; what runs goes on, so ask again in a minute.';
    return { status: 503, body: { error: { code: 'away', message } } };
  }
  if (error instanceof URIError)
    return { status: 400, body: { error: { code: 'bad_request', message: 'The path is not well-formed.' } } };
  const trace = Math.random().toString(36).slice(2, 10);
  deps.log.error({ err: error, trace }, 'a request to the API failed');
  return { status: 500, body: { error: { code: 'internal', message: sentenceFor(error, trace) } } };
}
