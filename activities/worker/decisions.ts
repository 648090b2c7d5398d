import { canonical, digestOf } from '../../src/canonical';
import { recallKept } from '../steps/kept-outputs';
import { finalIfRefused } from './final-if-refused';
import { Refusal } from '../../src/errors';
import type { Json, JsonObject } from '../../src/json';
import { whyUnknown } from '../../src/holds/read-holds';
import { historyOf } from '../../src/ledger/history';
import type { AppliedState } from '../../src/ledger/record';
import { foldersOf } from '../../src/operation/case-work';
import { admitCase, freezesOf, gatesOf, judgeCase } from '../../src/operation/judge';
import type { Case, HeldBack, Judged } from '../../src/operation/case';
import { askerIn, freshPersonMs } from '../../src/operation/known-person';
import { placed } from '../../src/operation/placed';
import type { Plan } from '../../src/operation/plan';
import type {
  Admission,
  Decision,
  GateAnswer,
  Judgement,
  JudgeInput,
  Recheck,
  RecheckInput,
} from '../../src/operation/judgement';
import type { WorkerActivities } from '../../src/operation/ports';
import { reconsider } from '../../src/operation/reconsider';
import { isRelayed } from '../../src/operation/relay';
import type { OpenReview } from '../../src/operation/review';
import type { OperationRequest, Relayed } from '../../src/operation/request';
import { placedByResource, resourceOf } from '../../src/operation/resource-of';
import type { OperationTimings } from '../../src/operation/timings';
import { stuckServers } from '../../src/operation/work';
import type { ResourceState } from '../../src/resources/resource';
import { overridden } from '../../src/policy/override-ballots';
import type { Repository } from '../../src/policy/read-repository';
import type { ShadowFinding } from '../../src/policy/verdict';
import { whenUnreachable } from '../../src/policy/unreachable';
import { commitsMadeBy, type InfrastructureCase } from '../../src/infrastructure/declared';
import type { ServerGroup } from '../../src/infrastructure/read';
import { judgeAsk } from '../../src/approvals/judge-ask';
import type { LedgerAge } from '../adapters/ledger';
import { alreadyDone, alreadyTrue, aWhileAgo, hasBegun, versionBefore } from './already';
import { afresh, asItIs, changeIfKnown, lookUpChange, onTheSpot, patiently, unheardGate } from './change';
import type { CodePatience, CodeSource } from './code-source';
import type { InfrastructureSource } from './infrastructure-source';
import type { LedgerPort } from './records';
import { troubleIn, type PolicyInForce, type PolicySource } from './policy-source';
import type { FolderPacker } from './tool-folders';

export interface DecisionDeps {
  readonly policy: PolicySource;
  readonly ledger: LedgerPort & {
    history(age?: LedgerAge): Promise<readonly AppliedState[]>;
    resources(age?: LedgerAge): Promise<readonly ResourceState[]>;
  };
  /** What `infrastructure/*.yaml` declares, which is not governed. */
  readonly declared: InfrastructureSource;
  /** Facts about changes, from the repositories that services name. */
  readonly code: Pick<CodeSource, 'changeOf'>;
  /** Keeps a plan's body under its digest; keeping it twice is harmless. */
  readonly blobs: { put(text: string): Promise<string>; get(digest: string): Promise<Buffer> };
  /** Packs folders of the policy repository for the runners, which have no Git. */
  readonly folders: FolderPacker;
  /** Reviews of break-glass by these accounts that nobody has closed. */
  readonly openReviews: (accounts: readonly string[]) => Promise<readonly OpenReview[]>;
  /** What holds work back by somebody's word. Failing means that nobody can say. */
  readonly heldBack: (about: { readonly service?: string }) => Promise<HeldBack>;
  readonly relayKey: string;
  /** Type of a workflow, for the list of callers that may ask for approvals; undefined when it does not exist. */
  readonly workflowTypeOf: (workflowId: string) => Promise<string | undefined>;
  /** The waits of approvals, whose callers name none. */
  readonly timings: OperationTimings;
  /** Hears of every verdict that a shadow rule would have changed. */
  readonly onShadow?: (about: { readonly operation: string; readonly findings: readonly ShadowFinding[] }) => void;
  readonly now: () => Date;
}

type Decisions = Pick<
  WorkerActivities,
  'isRelayedIncident' | 'decide' | 'admit' | 'judge' | 'askGates' | 'recheck' | 'askFreezes' | 'judgeApproval'
>;

/** Facts are gathered here; every decision is a pure function in `src`. */
export function createDecisionActivities(deps: DecisionDeps): Decisions {
  const { relayKey } = deps;

  return {
    decide: (input) => finalIfRefused(() => decide(deps, input)),

    admit: (input) => finalIfRefused(() => admit(deps, input)),

    isRelayedIncident: async ({ request }) => isRelayed('incident', request, relayKey),

    judge: (input) => finalIfRefused(async () => judge(deps, await recalled(deps, input))),

    askGates: (input) => finalIfRefused(async () => askGates(deps, await recalled(deps, input))),

    recheck: (input) => finalIfRefused(async () => recheck(deps, await recalled(deps, input))),

    askFreezes: (input) => finalIfRefused(async () => askFreezes(deps, await recalled(deps, input))),

    judgeApproval: (input) => finalIfRefused(() => judgeApproval(deps, input)),
  };
}

/** What the `resolve` steps said, to expressions and to people. */
function resolvedIn({
  resolved,
  found,
}: Pick<JudgeInput, 'resolved' | 'found'>): Pick<JudgeInput, 'resolved' | 'found'> {
  return { resolved, ...(found && { found }) };
}

/** With the large outputs of its `resolve` steps read back. */
async function recalled<Input extends Pick<JudgeInput, 'resolved'>>(
  { blobs }: DecisionDeps,
  input: Input,
): Promise<Input> {
  const read = async (digest: string): Promise<Json> => JSON.parse((await blobs.get(digest)).toString('utf8')) as Json;
  return { ...input, resolved: await recallKept(input.resolved as { [step: string]: JsonObject }, read) };
}

type Asked = Parameters<WorkerActivities['decide']>[0];

async function decide(deps: DecisionDeps, { request, known, ...who }: Asked): Promise<Decision> {
  const { relayKey, now } = deps;
  verify(request, relayKey);
  const user = request.body.requester.id;
  const asker = who.asker ?? askerIn(known, { user, relayKey, now: now(), maxAgeMs: freshPersonMs });
  if (!asker) return { kind: 'asker_unknown' };
  const admission = await admit(deps, { request, asker });
  if (admission.kind === 'denied' || admission.resolve) return { kind: 'decided', asker, admission };
  const judgement = await judgeIfKnown(deps, { request, asker, admission, resolved: {} }, onTheSpot);
  return { kind: 'decided', asker, admission, ...(judgement && { judgement }) };
}

async function admit(
  deps: DecisionDeps,
  { request, asker }: Parameters<WorkerActivities['admit']>[0],
): Promise<Admission> {
  const { policy, ledger, relayKey, now } = deps;
  verify(request, relayKey);
  const { body } = request;
  if (now().getTime() > Date.parse(body.notAfter)) return tooLate(body);
  if (await hasBegun(ledger, body)) return alreadyDone();
  const inForce = await policy.current();
  const facts = await gather(deps, { request: body, repository: inForce.repository }, aWhileAgo);
  const asked: Case = { ...facts, asker, ...troubleIn(inForce) };
  const { admission, resolve } = admitCase(await packed(deps, asked));
  if (resolve) await keep(deps, resolve);
  return admission;
}

async function judge(deps: DecisionDeps, input: JudgeInput): Promise<Judgement> {
  return (await judgeIfKnown(deps, input, patiently))!;
}

/** Undefined when the change has to be looked up first, and this patience does not suffice for that. */
async function judgeIfKnown(
  deps: DecisionDeps,
  input: JudgeInput,
  patience: CodePatience,
): Promise<Judgement | undefined> {
  const bare = await pinned(deps, input);
  const change = await lookUpChange(deps.code, bare, patience);
  if (change === 'later') return undefined;
  const facts = await packed(deps, { ...bare, change, ...resolvedIn(input) });
  const { judgement, plan } = judgeCase(facts);
  if (plan) await keep(deps, plan);
  if (judgement.kind === 'allowed' && judgement.shadow)
    deps.onShadow?.({ operation: input.request.body.id, findings: judgement.shadow });
  return judgement;
}

/** Under the policy in force, as `recheck` asks: a freeze that was lifted no longer waits, a new gate is seen at once. */
async function askGates(deps: DecisionDeps, input: Parameters<Decisions['askGates']>[0]): Promise<GateAnswer> {
  const inForce = await deps.policy.current();
  const bare = await gather(deps, { request: withVersion(input), repository: inForce.repository }, aWhileAgo);
  const closed = unreachableGate(bare, inForce);
  if (closed) return closed;
  const known = await changeIfKnown(deps.code, bare, asItIs);
  const change = unheardGate(input, known) ? await changeIfKnown(deps.code, bare, patiently) : known;
  const asked: Case = { ...bare, change, asker: input.asker, ...troubleIn(inForce) };
  const answer = gatesOf({ ...asked, ...resolvedIn(input) }, input.judgement.plan);
  // A change of the policy is overtaken by the next one while the policy in force stays what it is.
  const mayHaveMoved = inForce.commit !== input.judgement.policyCommit || bare.request.kind === 'policy';
  // What the change is cannot be told just now, so neither can what a newer policy makes of it.
  if (!mayHaveMoved || unheardGate(input, change)) return answer;
  const { judgement: fresh, plan } = judgeCase(await packed(deps, { ...asked, ...resolvedIn(input) }));
  const moved = reconsider({ held: input.judgement, fresh });
  if (moved.kind === 'same') return answer;
  if (plan) await keep(deps, plan);
  return { ...answer, moved };
}

/** Which freezes stop, or will stop, work that is already under way. */
async function askFreezes(
  deps: DecisionDeps,
  input: Parameters<Decisions['askFreezes']>[0],
): ReturnType<Decisions['askFreezes']> {
  const inForce = await deps.policy.current();
  const facts = await gather(deps, { request: withVersion(input), repository: inForce.repository }, aWhileAgo);
  const change = await changeIfKnown(deps.code, facts, asItIs);
  const { plan, servers } = input.judgement;
  return freezesOf(
    { ...facts, change, asker: input.asker, ...troubleIn(inForce), ...resolvedIn(input), ...(servers && { servers }) },
    { plan, since: new Date(input.startedAtMs) },
  );
}

async function judgeApproval(
  { policy, workflowTypeOf, timings, relayKey, now }: DecisionDeps,
  { ask, caller }: Parameters<Decisions['judgeApproval']>[0],
): ReturnType<Decisions['judgeApproval']> {
  const { repository } = await policy.current();
  const { parentWorkflowId } = caller;
  const type = parentWorkflowId === undefined ? undefined : await workflowTypeOf(parentWorkflowId);
  if (ask.operation) verify(ask.operation, relayKey);
  const operation = ask.operation?.body;
  const judgement = judgeAsk({ ask, caller: { ...caller, type }, operation, policy: repository.policy, now: now() });
  return { judgement, timings };
}

/** The same questions under the newest policy, the newest applied state and the clock, before the first side effect. */
async function recheck(deps: DecisionDeps, input: RecheckInput): Promise<Recheck> {
  const inForce = await deps.policy.current();
  const { body } = input.request;
  const facts = await gather(deps, { request: body, repository: inForce.repository });
  // An intent at this point is that of another life under this id. `gather` has just asked the remote.
  if (await hasBegun(deps.ledger, body)) return alreadyDone();
  const unreachable = unreachableGate(facts, inForce);
  if (unreachable) return { kind: 'gates_closed', answer: unreachable };
  const done = alreadyTrue(facts, input.admission.version);
  if (done) return { kind: 'go', alreadyTrue: done };
  const request = withVersion(input);
  const change = await changeIfKnown(deps.code, { ...facts, request }, afresh);
  const unheard = unheardGate(input, change);
  if (unheard) return { kind: 'gates_closed', answer: unheard };
  const again: Case = { ...facts, request, change, asker: input.asker, ...troubleIn(inForce) };
  const { judgement, plan } = judgeCase(await packed(deps, { ...again, ...resolvedIn(input) }));
  if (judgement.kind === 'denied') return { kind: 'denied', reasons: judgement.reasons };
  const moved = reconsider({ held: input.judgement, fresh: judgement });
  if (moved.kind !== 'same' && plan) await keep(deps, plan);
  if (moved.kind !== 'same') return moved;
  const { gates, overrides = [], nextGateCheckAtMs } = judgement;
  const fallen = new Set(input.fallenVotes.map(({ by }) => by));
  const votes = input.votes.filter(({ by }) => !fallen.has(by));
  if (overridden(gates, { ballots: overrides, votes }).some(({ holds }) => !holds))
    return { kind: 'gates_closed', answer: { gates, overrides, nextGateCheckAtMs } };
  const { nextAtMs } = freezesOf({ ...again, ...resolvedIn(input) }, { plan: judgement.plan, since: again.now });
  return {
    kind: 'go',
    previousVersion: facts.applied && versionBefore(facts.applied, body)?.version,
    ...(nextAtMs !== undefined && { nextFreezeAtMs: nextAtMs }),
  };
}

async function pinned(deps: DecisionDeps, input: JudgeInput): Promise<Case> {
  verify(input.request, deps.relayKey);
  const repository = await deps.policy.at(input.admission.policyCommit);
  const facts = await gather(deps, { request: withVersion(input), repository }, aWhileAgo);
  const { policyProblem, policyTrouble } = input.admission;
  return { ...facts, asker: input.asker, policyProblem, policyTrouble };
}

/** The request with the version that policy and ledger filled in. */
function withVersion({ request: { body }, admission }: JudgeInput): OperationRequest {
  const version = admission.version ?? body.version;
  return version === undefined ? body : { ...body, version };
}

/**
 * What is approved waits, where the environment wants that, while nobody can say whether the policy still holds;
 * rollbacks and break-glass do not. Whether the label may be claimed is policy's question, and was asked before.
 */
function unreachableGate(
  { request, repository }: Pick<Case, 'request' | 'repository'>,
  { unreachable, problem }: PolicyInForce,
): GateAnswer | undefined {
  const environment = repository.policy.environments.get(request.environment ?? '');
  const isUrgent = request.kind === 'rollback' || request.labels.includes('break_glass');
  if (!unreachable || !environment || isUrgent || whenUnreachable(environment) === 'use_last') return undefined;
  const why = environment.strict ? 'is strict' : 'refuses to go by an old policy';
  const message = `It waits until the policy repository answers again, because ${environment.name} ${why} and ${problem ?? 'Git is away'}`;
  return { gates: [{ kind: 'prerequisite', holds: false, message }] };
}

async function gather(
  deps: DecisionDeps,
  about: { readonly request: OperationRequest; readonly repository: Repository },
  age: LedgerAge = {},
): Promise<Omit<Case, 'asker'>> {
  const { ledger, now } = deps;
  const resource = await resourceIn(deps, about, age);
  const { request } = placed(placedByResource(about.request, resource), about.repository);
  const { service, environment } = request;
  const held = whatHolds(deps, request);
  const known =
    service !== undefined && environment !== undefined && about.repository.policy.environments.has(environment);
  const states = await ledger.history(age);
  const isOurs = known && about.repository.policy.services.has(service);
  const applied = isOurs ? await ledger.readState({ service, environment }, aWhileAgo) : undefined;
  const infrastructure = await whatIsDeclared(deps, { request, repository: about.repository }, age);
  const isChange = request.kind === 'policy' && request.version !== undefined;
  const policyChange = isChange ? await deps.policy.changeTo(request.version!) : undefined;
  return {
    ...about,
    request,
    history: historyOf(states),
    applied,
    held: await held,
    reviews: await whatIsOwed(deps, about),
    ...(policyChange && { policyChange }),
    ...(resource && { resource }),
    ...(infrastructure && { infrastructure }),
    now: now(),
  };
}

/** What the request would make or take away, as the ledger knows it. */
async function resourceIn(
  { ledger }: DecisionDeps,
  { request, repository }: { readonly request: OperationRequest; readonly repository: Repository },
  age: LedgerAge,
): Promise<ResourceState | undefined> {
  const ref = resourceOf(request, repository);
  if (!ref) return undefined;
  return (await ledger.resources(age)).find(({ kind, name }) => kind === ref.kind && name === ref.name);
}

/** What files declare at the newest commit of their branch, whatever commit of the policy binds, and what is there. */
async function whatIsDeclared(
  { ledger, declared }: DecisionDeps,
  { request, repository }: { readonly request: OperationRequest; readonly repository: Repository },
  age: LedgerAge,
): Promise<InfrastructureCase | undefined> {
  if (request.kind !== 'infrastructure') return undefined;
  const resources = await ledger.resources(age);
  const branch = repository.policy.environments.get(request.environment ?? '')?.branch;
  const since = (groups: readonly ServerGroup[]) => commitsMadeBy(request, { groups, resources });
  const known = { resources, declared: await declared.read({ ...(branch && { branch }), since }) };
  return { ...known, stuck: stuckServers({ request, repository, infrastructure: known }) };
}

/** A break-glass is asked for when things are broken, so that nobody can say stops nothing: policy says what follows. */
async function whatIsOwed(
  { openReviews }: DecisionDeps,
  { request, repository }: { readonly request: OperationRequest; readonly repository: Repository },
): Promise<Case['reviews']> {
  const { requester, labels, id } = request;
  if (requester.kind !== 'person' || !labels.includes('break_glass')) return undefined;
  const { people } = repository.policy;
  try {
    const open = await openReviews([...new Set([requester.id, ...people.accountsOf(people.personOf(requester.id))])]);
    return open.filter(({ operation }) => operation !== id);
  } catch {
    return 'unknown';
  }
}

/** A rollback passes all of it, so it does not even ask (law 5). */
async function whatHolds({ heldBack }: DecisionDeps, { kind, service }: OperationRequest): Promise<HeldBack> {
  if (kind === 'rollback') return {};
  try {
    return await heldBack({ service });
  } catch (error) {
    return { holdsUnknown: whyUnknown(error) };
  }
}

/** A case with the folders that its steps work with, where the runners can get them. */
async function packed<About extends Judged>(deps: DecisionDeps, about: About): Promise<About> {
  const wanted = foldersOf(about);
  const folders = await deps.folders.pack({ commit: about.repository.policy.commit, folders: wanted });
  return { ...about, folders };
}

/** The blob store is addressed by the SHA-256 of the canonical text, which is the digest that people approve. */
async function keep({ blobs }: DecisionDeps, plan: Plan): Promise<void> {
  const key = await blobs.put(canonical(plan));
  if (key !== digestOf(plan)) throw new Error('the blob store gave a plan another address than its digest');
}

function verify(request: Relayed<OperationRequest>, relayKey: string): void {
  if (!isRelayed('request', request, relayKey))
    throw new Refusal(
      'not_relayed',
      'This request did not come through Signalbox, so it was not looked at; ask in Slack or with the command line.',
    );
}

function tooLate({ notAfter, asked }: OperationRequest) {
  return {
    kind: 'denied',
    reasons: [
      `"${asked.text}" could not be started in time (by ${notAfter}), so nothing was done; ask again if you still want it.`,
    ],
  } as const;
}
