import { z } from 'zod';
import { canonical } from '../../src/canonical';
import { Refusal } from '../../src/errors';
import type { Json, JsonObject } from '../../src/json';
import { operationIdOf } from '../../src/operation/ids';
import type { Plan } from '../../src/operation/plan';
import type { WorkerActivities } from '../../src/operation/ports';
import type { RunStepInput } from '../../src/operation/runner-ports';
import type { LeaseRight } from '../../src/resources/lease-act';
import { isRelayed, relay } from '../../src/operation/relay';
import type { OperationRequest } from '../../src/operation/request';
import { askedTitle } from '../../src/operation/title';
import type { World } from '../../src/policy/request';
import { membersOf } from '../../src/policy/members';
import type { Policy } from '../../src/policy/policy';
import { instantWords } from '../../src/policy/context';
import { objectionToTouch } from '../../src/policy/resource-rights';
import {
  isThere,
  resourceWords,
  type ResourceRef,
  type ResourceState,
  type Undoing,
} from '../../src/resources/resource';
import { formatDuration, parseDuration } from '../../src/runbooks/duration';
import { evaluateSource } from '../../src/runbooks/expressions';
import { keptForUndo } from '../../src/runbooks/teardown';
import type { LedgerAge } from '../adapters/ledger';
import { recallKept } from '../steps/kept-outputs';
import { variablesOf } from '../steps/variables';
import { finalIfRefused } from './final-if-refused';
import type { PolicySource } from './policy-source';

export interface ResourceDeps {
  readonly policy: Pick<PolicySource, 'current'>;
  readonly ledger: { resources(age?: LedgerAge): Promise<readonly ResourceState[]> };
  readonly blobs: { get(digest: string): Promise<Buffer> };
  readonly relayKey: string;
  /** What is older is refused: nobody remembers any more whether it counted. */
  readonly maxAgeMs: number;
  readonly now: () => Date;
}

type Resources = Pick<WorkerActivities, 'describeResource' | 'describeServers' | 'judgeLease' | 'leaseEnd'>;

/** Longest output that is recorded of a resource, as JSON: the ledger is read by people, and whole at every start. */
const maxOutputBytes = 8 * 1024;
/** So late a teardown that was asked for may still begin. */
const patienceMs = 24 * 3_600_000;

const id = z.string().min(1).max(300);
const extendBody = z.object({
  format: z.literal(1),
  workflowId: id,
  act: z.object({ kind: z.literal('extend'), byMs: z.int().positive() }),
  by: id,
  byKind: z.literal('machine').optional(),
  actionId: id,
  at: z.iso.datetime(),
});

/** What operations and leases ask of the worker about things that were provisioned. */
export function createResourceActivities(deps: ResourceDeps): Resources {
  return {
    describeResource: (asked) => finalIfRefused(() => describeResource(deps, asked)),
    describeServers: (asked) => finalIfRefused(() => describeServers(deps, asked)),
    judgeLease: (asked) => judgeLease(deps, asked),
    leaseEnd: (asked) => finalIfRefused(() => leaseEnd(deps, asked)),
  };
}

async function describeResource(
  { blobs }: ResourceDeps,
  { planDigest, begun }: Parameters<Resources['describeResource']>[0],
): ReturnType<Resources['describeResource']> {
  const read = async (digest: string): Promise<Json> => JSON.parse((await blobs.get(digest)).toString('utf8')) as Json;
  const plan = (await read(planDigest)) as unknown as Plan;
  const outputs = (await recallKept(begun.outputs, read)) as Undoing['outputs'];
  return {
    outputs: outputsOf(plan, outputs),
    undoing: keptForUndo(plan.steps, plan.scopes, { paths: begun.paths, outputs }),
  };
}

async function describeServers(
  { blobs }: ResourceDeps,
  { outputs }: Parameters<Resources['describeServers']>[0],
): ReturnType<Resources['describeServers']> {
  const read = async (digest: string): Promise<Json> => JSON.parse((await blobs.get(digest)).toString('utf8')) as Json;
  const told = await recallKept(outputs, read);
  return Object.fromEntries(Object.entries(told).map(([step, said]) => [step, shortOnes(said as JsonObject)]));
}

function shortOnes(outputs: JsonObject): JsonObject {
  const isShort = (value: Json): boolean => Buffer.byteLength(canonical(value)) <= maxOutputBytes;
  return Object.fromEntries(Object.entries(outputs).filter(([, value]) => isShort(value)));
}

/** What cannot be told, or is too long to be read, is left out: the thing is there all the same. */
function outputsOf(plan: Plan, outputs: Undoing['outputs']): JsonObject {
  const { runbook = '' } = plan.operation;
  const input: RunStepInput = { planDigest: '', path: '', mode: 'end', outputs, key: '', late: {} };
  const variables = variablesOf({ plan, input, scope: runbook, items: {} });
  return Object.fromEntries(
    Object.entries(plan.resource?.outputs ?? {}).flatMap(([name, source]): [string, Json][] => {
      const told = evaluateSource(source, variables);
      return told.ok && Buffer.byteLength(canonical(told.value)) <= maxOutputBytes ? [[name, told.value]] : [];
    }),
  );
}

async function judgeLease(
  deps: ResourceDeps,
  { act, asker, resource: ref, operation }: Parameters<Resources['judgeLease']>[0],
): Promise<LeaseRight> {
  const parsed = extendBody.safeParse(act.body);
  if (!isRelayed('act', act, deps.relayKey) || !parsed.success) return { kind: 'not_relayed' };
  const { by, at, act: wish } = parsed.data;
  const byKind = parsed.data.byKind ?? ('person' as const);
  const now = deps.now();
  if (now.getTime() - Date.parse(at) > deps.maxAgeMs)
    return refused(
      `What you asked for at ${at} arrived too late, so nothing was extended; ask again if you still want it.`,
    );
  if (asker.standing !== 'member')
    return refused(
      'You may not extend this, because Slack did not say that you are a full member of this workspace; ask one who is.',
    );
  const resource = await known(deps, ref);
  if (!resource || resource.operation !== operation || resource.expiresAt === undefined || !isThere(resource))
    return refused(`The ${resourceWords(ref)} is gone or has no lease, so there is nothing to extend.`);
  const { repository } = await deps.policy.current();
  const { policy } = repository;
  const environment = policy.environments.get(resource.environment ?? '');
  const service = policy.services.get(resource.service ?? '');
  const world = worldOf(policy, { by, groups: asker.groups, now });
  const question = { policy, world, now, service, environment, owner: resource.owner, by: { kind: byKind, id: by } };
  const objection = objectionToTouch(question);
  if (objection !== undefined) return refused(`You may not extend the ${resourceWords(ref)}, because ${objection}.`);
  const max = repository.runbooks.get(resource.runbook)?.document.resource?.lease;
  return extended(resource, { byMs: wish.byMs, max, now, policy });
}

/** Never beyond what was approved, nor beyond what policy says today. */
function extended(
  resource: ResourceState,
  about: {
    readonly byMs: number;
    readonly max: { readonly default: string; readonly max?: string } | undefined;
    readonly now: Date;
    readonly policy: Policy;
  },
): LeaseRight {
  const { byMs, max, now, policy } = about;
  const words = resourceWords(resource);
  if (!max || !resource.lease)
    return refused(
      `The ${words} cannot be extended, because policy no longer gives what ${resource.runbook} makes a lease; the owner of the policy repository can.`,
    );
  const maxMs = Math.min(resource.lease.maxMs, parseDuration(max.max ?? max.default) ?? 0);
  const limit = Date.parse(resource.createdAt ?? resource.begunAt) + maxMs;
  const until = Math.max(now.getTime(), Date.parse(resource.expiresAt!)) + byMs;
  if (until > limit) {
    const rest = limit - Math.max(now.getTime(), Date.parse(resource.expiresAt!));
    const most = rest < 60_000 ? 'it cannot be extended any more' : `extend it by ${formatDuration(rest)} at most`;
    return refused(
      `The ${words} may live for ${formatDuration(maxMs)} in all, which is until ${instantWords(new Date(limit), policy.timezone)}, so it was not extended: ${most}, or have the owner of the policy repository change resource.lease.max.`,
    );
  }
  return {
    kind: 'granted',
    expiresAt: new Date(until).toISOString(),
    sentence: `The ${words} is extended by ${formatDuration(byMs)}, until ${instantWords(new Date(until), policy.timezone)}.`,
    policyCommit: policy.commit,
  };
}

/** In which of the policy's teams with Slack groups somebody sits. */
function worldOf(
  policy: Policy,
  { by, groups, now }: { readonly by: string; readonly groups: readonly string[] | 'unknown'; readonly now: Date },
): World {
  if (groups === 'unknown') return {};
  const teams = [...policy.teams.keys()].flatMap((team): [string, string[]][] => {
    const members = membersOf(policy, team, now);
    return members.groups.length === 0
      ? []
      : [[team, members.groups.some((group) => groups.includes(group)) ? [by] : []]];
  });
  return { teams: Object.fromEntries(teams) };
}

async function leaseEnd(
  deps: ResourceDeps,
  { resource: ref, operation }: Parameters<Resources['leaseEnd']>[0],
): ReturnType<Resources['leaseEnd']> {
  const resource = await known(deps, ref);
  // A record that is not there yet is waited for: the operation that made it writes it before its lease begins.
  if (!resource) throw new Error(`the ledger does not know the ${resourceWords(ref)} yet`);
  if (resource.operation !== operation || !isThere(resource)) return { kind: 'gone' };
  const { expiresAt } = resource;
  const now = deps.now();
  if (expiresAt === undefined)
    throw new Refusal(
      'bad_request',
      `The ${resourceWords(ref)} has no lease on record, so nothing ends it; /provision destroy does.`,
    );
  if (Date.parse(expiresAt) > now.getTime()) return { kind: 'later', expiresAt };
  const request = endRequest(resource, { expiresAt, now });
  return { kind: 'asks', request: relay('request', request, deps.relayKey), title: askedTitle(request).slice(0, 200) };
}

function endRequest(
  resource: ResourceState,
  { expiresAt, now }: { readonly expiresAt: string; readonly now: Date },
): OperationRequest {
  const { kind, name, environment, service, runbook, operation } = resource;
  const deliveryId = `lease/${operation}/${expiresAt}`;
  return {
    format: 1,
    id: operationIdOf({ kind: 'destroy', subject: name, environment, deliveryId }),
    kind: 'destroy',
    resource: { kind, name, of: operation },
    runbook,
    ...(service && { service }),
    ...(environment && { environment }),
    inputs: {},
    labels: [],
    raise: {},
    reason: `Its lease, approved with ${operation}, was over on ${expiresAt}.`,
    requester: { kind: 'machine', id: 'lease', via: 'lease' },
    asked: { text: `End of the lease of the ${resourceWords(resource)}`, deliveryId },
    requestedAt: now.toISOString(),
    notAfter: new Date(now.getTime() + patienceMs).toISOString(),
  };
}

async function known({ ledger }: ResourceDeps, ref: ResourceRef): Promise<ResourceState | undefined> {
  return (await ledger.resources()).find(({ kind, name }) => kind === ref.kind && name === ref.name);
}

function refused(sentence: string): LeaseRight {
  return { kind: 'refused', sentence };
}
