import type { Asked, AskedOf } from '../src/commands/asked';
import { lineOf } from '../src/commands/print';
import type { IncidentRequest } from '../src/incidents/incident';
import type { Json } from '../src/json';
import { incidentIdAbout, operationIdOf, shortIdOf } from '../src/operation/ids';
import type { ActBody } from '../src/operation/ports';
import type { OperationKind, OperationRequest, Requester } from '../src/operation/request';
import { beganByItself } from '../src/triggers/triggered-request';
import type { BotDeps, Catalogue } from './deps';

/** Where something was asked. `deliveryId` is Slack's own id of it: the same delivery is the same operation. */
export interface AskedFrom {
  readonly requester: Requester;
  readonly channel?: string;
  readonly deliveryId: string;
  /** What was typed or pressed; the command line of `asked` when absent. */
  readonly text?: string;
  /** Called once what was asked is durable and its answer takes longer: it may be acknowledged now. */
  readonly onKept?: () => Promise<unknown>;
}

export type OperationAsked = AskedOf<'deploy' | 'rollback' | 'provision' | 'runbook.run'>;

type Made =
  { readonly ok: true; readonly request: OperationRequest } | { readonly ok: false; readonly problem: string };

export function asksForOperation(asked: Asked): asked is OperationAsked {
  return ['deploy', 'rollback', 'provision', 'runbook.run'].includes(asked.kind);
}

/** The request as it is frozen and signed. A problem is a sentence for the person: an input that has no place. */
export function requestOf(
  deps: Pick<BotDeps, 'now' | 'waits'>,
  asked: OperationAsked,
  from: AskedFrom,
  catalogue: Catalogue | undefined,
): Made {
  const kind: OperationKind = asked.kind === 'runbook.run' ? 'runbook' : asked.kind;
  const base = {
    kind,
    ...(asked.service === undefined ? {} : { service: asked.service }),
    ...(asked.environment === undefined ? {} : { environment: asked.environment }),
    ...askedIn(deps, asked, from),
  };
  const subject = asked.kind === 'deploy' || asked.kind === 'rollback' ? asked.service : asked.runbook;
  const id = operationIdOf({ kind, subject, environment: asked.environment, deliveryId: from.deliveryId });
  switch (asked.kind) {
    case 'deploy':
      return made({
        ...base,
        id,
        version: asked.version,
        ...(asked.rollout === undefined ? {} : { rollout: asked.rollout }),
        inputs: {},
        labels: asked.labels,
        raise: asked.risk === undefined ? {} : { risk_level: asked.risk },
      });
    case 'rollback': {
      const version = asked.version === undefined ? {} : { version: asked.version };
      return made({ ...base, id, ...version, inputs: {}, labels: [], raise: {} });
    }
    default: {
      const named = namedInputs(asked, catalogue);
      if (!named.ok) return named;
      const check = asked.check ? { check: true as const } : {};
      const lease = asked.kind === 'provision' && asked.lease !== undefined ? { lease: asked.lease } : {};
      return made({
        ...base,
        ...lease,
        id,
        runbook: asked.runbook,
        inputs: named.inputs,
        ...check,
        labels: asked.labels,
        raise: {},
      });
    }
  }
}

/** What every request says of who asked for it, where and when. */
export function askedIn(
  deps: Pick<BotDeps, 'now' | 'waits'>,
  asked: Asked & { readonly reason?: string },
  { requester, text, channel, deliveryId }: AskedFrom,
) {
  return {
    format: 1 as const,
    requester,
    ...(asked.reason === undefined ? {} : { reason: asked.reason }),
    asked: { text: text ?? lineOf(asked), ...(channel === undefined ? {} : { channel }), deliveryId },
    requestedAt: deps.now().toISOString(),
    notAfter: notAfter(deps),
  };
}

/** What somebody does to a workflow, as it is signed. */
export function actBodyOf(
  deps: Pick<BotDeps, 'now'>,
  about: Pick<ActBody, 'workflowId' | 'act'> & { readonly from: Pick<AskedFrom, 'requester' | 'deliveryId'> },
): ActBody {
  const { workflowId, act, from } = about;
  const { requester, deliveryId } = from;
  return {
    format: 1,
    workflowId,
    act,
    by: requester.id,
    ...(requester.kind === 'machine' ? { byKind: 'machine' as const } : {}),
    ...('team' in requester && requester.team !== undefined ? { team: requester.team } : {}),
    actionId: deliveryId,
    at: deps.now().toISOString(),
  };
}

/** After this instant a kept request is no longer started. ISO 8601 UTC. */
export function notAfter(deps: Pick<BotDeps, 'now' | 'waits'>): string {
  return new Date(deps.now().getTime() + deps.waits.notAfter).toISOString();
}

/** The same with everything taken from another operation: what the Retry button asks for. */
export function retryOf(
  deps: Pick<BotDeps, 'now' | 'waits'>,
  former: OperationRequest,
  from: AskedFrom,
): OperationRequest {
  const { kind, service, runbook, environment } = former;
  const { channel, deliveryId } = from;
  const { reason, infrastructure, ...same } = former;
  // What started it by itself is no reason of whoever presses a button.
  const isTheirs = !beganByItself(former);
  return {
    ...same,
    // What data was lost by then is typed anew by whoever presses the button.
    ...(infrastructure && { infrastructure: { ...(infrastructure.group && { group: infrastructure.group }) } }),
    ...(isTheirs && reason !== undefined ? { reason } : {}),
    id: operationIdOf({ kind, subject: service ?? runbook ?? kind, environment, deliveryId }),
    requester: from.requester,
    asked: { text: from.text ?? `Retry of ${former.id}`, deliveryId, ...(channel === undefined ? {} : { channel }) },
    requestedAt: deps.now().toISOString(),
    notAfter: notAfter(deps),
  };
}

/** An incident as it is frozen and signed. From an operation its id derives from it, so that a second click joins. */
export function incidentOf(
  deps: Pick<BotDeps, 'now'>,
  asked: AskedOf<'incident.declare'>,
  from: AskedFrom & { readonly operationId?: string },
): IncidentRequest {
  const { operationId, deliveryId, channel } = from;
  return {
    format: 1,
    id:
      operationId === undefined
        ? operationIdOf({ kind: 'incident', subject: asked.service ?? 'general', deliveryId })
        : incidentIdAbout(operationId),
    severity: asked.severity,
    ...(asked.service === undefined ? {} : { service: asked.service }),
    ...(asked.environment === undefined ? {} : { environment: asked.environment }),
    summary: asked.summary,
    declaredBy: from.requester.id,
    ...(operationId === undefined ? {} : { operationId }),
    ...(channel === undefined ? {} : { channel }),
    deliveryId,
    declaredAt: deps.now().toISOString(),
  };
}

type Inputs = { readonly ok: true; readonly inputs: { readonly [name: string]: Json } };

/** Values without a name fill the runbook's inputs in their order; each value gets the type that its input has. */
function namedInputs(
  asked: AskedOf<'provision' | 'runbook.run'>,
  catalogue: Catalogue | undefined,
): Inputs | { readonly ok: false; readonly problem: string } {
  const runbook = [...(catalogue?.runbooks ?? []), ...(catalogue?.handlers ?? [])].find(
    (each) => each.name === asked.runbook,
  );
  if (runbook === undefined && asked.positional.length > 0) {
    return {
      ok: false,
      problem: `The inputs of the runbook ${asked.runbook} are not known here right now, so values need their names: write name=value for each.`,
    };
  }
  const names = Object.keys(runbook?.inputs ?? {});
  const free = names.filter((name) => !Object.hasOwn(asked.inputs, name));
  if (asked.positional.length > free.length) {
    return {
      ok: false,
      problem: `There are more values than inputs left: the inputs of ${asked.runbook} are ${names.join(', ') || 'none'}. Write name=value where it is not clear.`,
    };
  }
  const pairs = [...asked.positional.map((value, at) => [free[at]!, value] as const), ...Object.entries(asked.inputs)];
  const typed = pairs.map(([name, value]) => [
    name,
    typedValue(value, runbook && Object.hasOwn(runbook.inputs, name) ? runbook.inputs[name]!.type : undefined),
  ]);
  return { ok: true, inputs: Object.fromEntries(typed) as Inputs['inputs'] };
}

/** A text that cannot be of the type stays text: policy then says what is wrong with it. */
function typedValue(text: string, type: string | undefined): Json {
  if (type === 'boolean' && /^(true|false|yes|no)$/i.test(text)) return /^(true|yes)$/i.test(text);
  if ((type === 'integer' || type === 'number') && /^-?\d+(\.\d+)?$/.test(text)) {
    const number = Number(text);
    if (type === 'number' || Number.isSafeInteger(number)) return number;
  }
  return text;
}

function made(request: OperationRequest): Made {
  return { ok: true, request };
}

/** Slack's id of a click: where, when, who. Two deliveries of one click have the same. */
export function clickId(click: {
  readonly container: string;
  readonly actionTs: string;
  readonly user: string;
}): string {
  return `${click.container}/${click.actionTs}/${click.user}`;
}

/** A key that a caller of the API chose, made unique to the caller. */
export function callerKey(requester: Requester, key: string): string {
  return `${requester.kind}/${requester.id}/${shortIdOf(key)}/${key.slice(0, 120)}`;
}
