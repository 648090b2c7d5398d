import { evaluate } from '../policy/evaluate';
import { explainLines, type ExplainedLine } from '../policy/explain';
import { instantWords, subjectOf } from '../policy/context';
import { membersOf } from '../policy/members';
import { linkTo, type LinkTemplate } from '../policy/source-link';
import { understandInstant, type Understood } from '../commands/instant';
import { previewCase } from '../operation/preview';
import type { HeldBack } from '../operation/case';
import { demandsFor } from '../operation/demands';
import { placed } from '../operation/placed';
import { placedByResource } from '../operation/resource-of';
import { whyUnknown } from '../holds/read-holds';
import type { OperationRequest } from '../operation/request';
import { handlersThatRun } from '../policy/handlers';
import type { PolicyRequest, World } from '../policy/request';
import type { Repository } from '../policy/read-repository';
import { historyOf } from '../ledger/history';
import type { AppliedState } from '../ledger/record';
import { troubleIn, type PolicyInForce, type PolicySource } from '../../activities/worker/policy-source';
import type { Standing } from '../policy/standing';
import type { AskedKind, AskedOf } from '../commands/asked';
import type { Catalogue, WhatIf, WhatIfAsked } from '../../bot/deps';
import { logReaders } from '../policy/log-readers';
import type { OfferedLease } from '../messages/request-modals';
import type { OperationView } from '../operation/view';
import { mayAsk, mayRun, whyNothing } from './may-ask';

interface AskingDeps {
  readonly policy: PolicySource;
  readonly ledger: { history(): Promise<readonly AppliedState[]> };
  /** User groups of an account as Slack tells them; `unknown` when it does not. */
  readonly groupsOf: (account: string) => Promise<readonly string[] | 'unknown'>;
  /** How Slack knows an account. */
  readonly standingOf: (account: string) => Promise<Standing>;
  /** What holds work back by somebody's word, and open incidents. Failing means that nobody can say. */
  readonly heldBack: (about: { readonly service?: string }) => Promise<HeldBack>;
  readonly now: () => Date;
  /** Where a line of a policy file can be looked at. */
  readonly policyUrl?: LinkTemplate;
}

/** Questions to policy that start nothing: the same engine as the gate, so there is never a second truth. */
export function createAsking(deps: AskingDeps) {
  const { policy, now } = deps;

  return {
    /** What forms and suggestions offer. */
    catalogue: async (): Promise<Catalogue> => catalogueOf((await policy.current()).repository),

    /** `/signalbox why`, one full sentence an entry. */
    explain: (asked: AskedOf<'why'> & { readonly person: string }) => explain(deps, asked),

    /** An instant in words, on the clock of whoever typed it. */
    async understand({ text, person }: { readonly text: string; readonly person: string }): Promise<Understood> {
      const { people, timezone } = (await policy.current()).repository.policy;
      return understandInstant({ text, now: now(), zone: people.zoneOf(person) ?? timezone });
    },

    /** `/signalbox what-if`: judged as the gate would, with what the ledger and Slack say now. */
    whatIf: (asked: WhatIfAsked) => whatIf(deps, asked),

    /** Kinds this person could ask for somewhere; help shows only those. */
    async mayRequest(person: string): Promise<(kind: AskedKind) => boolean> {
      const { repository } = await policy.current();
      const teams = await teamsWith(deps, repository, person);
      return mayAsk(repository, { id: person, teams }, now());
    },

    /** Runbooks this person could ask for; lists show only those. */
    async mayRun(person: string): Promise<(runbook: string) => boolean> {
      const { repository } = await policy.current();
      const teams = await teamsWith(deps, repository, person);
      return mayRun(repository, { id: person, teams }, now());
    },

    /** Why this person may not ask for anything at all; a standing that Slack does not tell is no reason. */
    async whyNothing(person: string): Promise<string | undefined> {
      return whyNothing(await deps.standingOf(person).catch(() => 'unknown' as const));
    },

    /** Why this person may not read the logs of an operation, in one sentence; nothing when they may. */
    async whyNotRead({ person, view }: LogAsked): Promise<string | undefined> {
      const standing = await deps.standingOf(person).catch(() => 'unknown' as const);
      if (standing === 'unknown')
        return 'Slack does not say right now who you are, so the log is not shown; try again in a minute.';
      if (standing !== 'member')
        return 'Logs are shown to full members of this workspace who have a say in the operation; ask one of them.';
      const { repository } = await policy.current();
      const { aliases } = repository.policy.people;
      const accounts = [person, ...(Object.hasOwn(aliases, person) ? [aliases[person]!] : [])];
      if (view?.requesterVerified && view.requester.kind === 'person' && accounts.includes(view.requester.id))
        return undefined;
      const readers = logReaders({ policy: repository.policy, ...(view && { view }), now: now() });
      const teams = await teamsWith(deps, repository, person);
      const service = repository.policy.services.get(view?.service ?? '');
      const sits = (team: string): boolean => {
        const { users } = membersOf(repository.policy, team, now(), { ...(service && { service }) });
        return accounts.some((account) => users.includes(account) || (teams[team] ?? []).includes(account));
      };
      if (readers.some(sits)) return undefined;
      const named =
        readers.length > 0 ? `whoever asked for it, and ${readers.slice(0, 6).join(', ')}` : 'whoever asked';
      return `You have no say in this operation, so its logs are not shown to you; those who may read them are ${named}, and the owner of the policy repository can name more under logs.`;
    },

    async teamsOf(person: string): Promise<readonly string[]> {
      const { repository } = await policy.current();
      const teams = await teamsWith(deps, repository, person);
      return [...repository.policy.teams.keys()].filter((team) => isIn(repository, team, teams, person, now()));
    },
  };
}

interface LogAsked {
  readonly person: string;
  /** The operation as it sees itself; absent when Temporal no longer knows it. */
  readonly view?: OperationView;
}

function catalogueOf(repository: Repository): Catalogue {
  const isHandler = (name: string): boolean => handlersThatRun(repository.policy, name).length > 0;
  const all = [...repository.runbooks.values()].map(({ document, file }) => ({
    name: document.name,
    ...(document.help === undefined ? {} : { about: document.help }),
    folder: file.split('/').slice(1, -1).join('/'),
    inputs: document.inputs ?? {},
    ...(document.resource?.lease && { lease: offeredLease(document.resource.lease) }),
  }));
  return {
    services: [...repository.policy.services.keys()],
    environments: [...repository.policy.environments.keys()],
    runbooks: all.filter(({ name }) => !isHandler(name)),
    handlers: all.filter(({ name }) => isHandler(name)),
    incidentChannel: repository.policy.channels.incidents ?? repository.policy.channels.default ?? '#incidents',
  };
}

function offeredLease({
  default: usual,
  max = usual,
}: {
  readonly default: string;
  readonly max?: string;
}): OfferedLease {
  return { usual, most: max };
}

async function explain(
  deps: AskingDeps,
  asked: AskedOf<'why'> & { readonly person: string },
): Promise<readonly ExplainedLine[]> {
  const inForce = await deps.policy.current();
  const request: PolicyRequest = {
    kind: 'deploy',
    service: asked.service,
    environment: asked.environment,
    version: asked.version ?? 'any version',
    requester: { kind: 'person', id: asked.person, via: 'slack' },
    labels: [],
    raise: {},
  };
  const world: World = {
    ...(await heldIn(deps, asked)),
    history: historyOf(await deps.ledger.history()),
    teams: await teamsWith(deps, inForce.repository, asked.person),
    ...troubleIn(inForce),
    plan: {},
    isChangeLater: true,
    demands: demandsFor(inForce.repository, request),
  };
  const evaluation = evaluate({ policy: inForce.repository.policy, request, world, now: deps.now() });
  return [...notNewest(inForce), ...linked(deps, explainLines(evaluation), inForce)];
}

async function whatIf(deps: AskingDeps, { when, resource, infrastructure, ...asked }: WhatIfAsked): Promise<WhatIf> {
  const request = placedByResource(asked.request, resource);
  const { policy, ledger, now } = deps;
  const inForce = await policy.current();
  const { requester } = request;
  const zone = inForce.repository.policy.people.zoneOf(requester.id) ?? inForce.repository.policy.timezone;
  const understood = when === undefined ? undefined : understandInstant({ text: when, now: now(), zone });
  if (understood?.ok === false) return understood;
  const at = understood?.at ?? now();
  const states = await ledger.history();
  const isPerson = requester.kind === 'person';
  const [standing, groups] = await Promise.all([
    isPerson ? deps.standingOf(requester.id).catch(() => 'unknown' as const) : ('member' as const),
    isPerson ? deps.groupsOf(requester.id).catch(() => 'unknown' as const) : [],
  ]);
  const placedRequest = placed(request, inForce.repository).request;
  const preview = previewCase({
    request,
    asker: { standing, groups },
    repository: inForce.repository,
    ...troubleIn(inForce),
    ...appliedIn(states, placedRequest),
    history: historyOf(states),
    held: await heldIn(deps, placedRequest),
    ...(resource && { resource }),
    ...(infrastructure && { infrastructure }),
    now: at,
  });
  const sentence = `Asked about ${subjectOf(preview.request)} at ${instantWords(at, zone)}, which is ${at.toISOString().slice(0, 16).replace('T', ' ')} UTC; nothing is started.`;
  const unseen = preview.plan === 'known' ? [] : [unseenPlan];
  const lines = linked(deps, explainLines(preview.evaluation, { refusals: preview.refusals }), inForce);
  return { ok: true, lines: [{ sentence }, ...notNewest(inForce), ...lines, ...unseen] };
}

const unseenPlan: ExplainedLine = {
  sentence:
    'Its runbook looks at the world before it plans, which was not done now, so every number of the plan counts as 0 here.',
};

function linked(
  { policyUrl }: AskingDeps,
  lines: readonly ExplainedLine[],
  { commit }: PolicyInForce,
): readonly ExplainedLine[] {
  return lines.map((line) => {
    const url = line.place === undefined ? undefined : linkTo(policyUrl, { commit, place: line.place });
    return url === undefined ? line : { ...line, url };
  });
}

/** As for a decision: what nobody can say holds back. */
async function heldIn({ heldBack }: AskingDeps, { service }: { readonly service?: string }): Promise<HeldBack> {
  return heldBack({ service }).catch((error: unknown) => ({ holdsUnknown: whyUnknown(error) }));
}

function notNewest({ problem }: PolicyInForce): readonly ExplainedLine[] {
  return problem ? [{ sentence: `The policy in force is not the newest one: ${problem}.` }] : [];
}

function appliedIn(
  states: readonly AppliedState[],
  { service, environment }: Pick<OperationRequest, 'service' | 'environment'>,
): { readonly applied?: AppliedState } {
  const applied = states.find((state) => state.service === service && state.environment === environment);
  return applied ? { applied } : {};
}

function isIn(
  { policy }: Repository,
  team: string,
  looked: { readonly [team: string]: readonly string[] },
  person: string,
  at: Date,
): boolean {
  return membersOf(policy, team, at).users.includes(person) || (looked[team] ?? []).includes(person);
}

/** Teams with a Slack group that this person is in. */
async function teamsWith(
  { groupsOf }: AskingDeps,
  { policy }: Repository,
  person: string,
): Promise<{ readonly [team: string]: readonly string[] }> {
  const groups = await groupsOf(person).catch(() => 'unknown' as const);
  if (groups === 'unknown') return {};
  return Object.fromEntries(
    [...policy.teams].flatMap(([team, members]): [string, string[]][] =>
      members.groups.length === 0 ? [] : [[team, members.groups.some((id) => groups.includes(id)) ? [person] : []]],
    ),
  );
}
