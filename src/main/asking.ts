import { evaluate } from '../policy/evaluate';
import { explainVerdict } from '../policy/explain';
import { membersOf } from '../policy/context';
import { handlersThatRun } from '../policy/handlers';
import type { PolicyRequest, World } from '../policy/request';
import type { Repository } from '../policy/read-repository';
import { historyOf } from '../ledger/history';
import type { AppliedState } from '../ledger/record';
import type { PolicySource } from '../../activities/worker/policy-source';
import type { Standing } from '../policy/standing';
import type { AskedKind, AskedOf } from '../commands/asked';
import type { Catalogue } from '../../bot/deps';
import type { RunbookField } from '../messages/request-modals';
import type { DeclaredInputs } from '../runbooks/inputs';
import { mayAsk, whyNothing } from './may-ask';

interface AskingDeps {
  readonly policy: PolicySource;
  readonly ledger: { history(): Promise<readonly AppliedState[]> };
  /** User groups of an account as Slack tells them; `unknown` when it does not. */
  readonly groupsOf: (account: string) => Promise<readonly string[] | 'unknown'>;
  /** How Slack knows an account. */
  readonly standingOf: (account: string) => Promise<Standing>;
  readonly now: () => Date;
}

/** Questions to policy that start nothing: the same engine as the gate, so there is never a second truth. */
export function createAsking(deps: AskingDeps) {
  const { policy, ledger, now } = deps;

  return {
    /** What forms and suggestions offer. */
    async catalogue(): Promise<Catalogue> {
      const { repository } = await policy.current();
      const isHandler = (name: string): boolean => handlersThatRun(repository.policy, name).length > 0;
      const all = [...repository.runbooks.values()].map(({ document }) => ({
        name: document.name,
        about: document.help,
        fields: fieldsOf(document.inputs ?? {}),
      }));
      return {
        services: [...repository.policy.services.keys()],
        environments: [...repository.policy.environments.keys()],
        runbooks: all.filter(({ name }) => !isHandler(name)),
        handlers: all.filter(({ name }) => isHandler(name)),
        incidentChannel: repository.policy.channels.incidents ?? repository.policy.channels.default ?? '#incidents',
      };
    },

    /** `/signalbox why`, one full sentence an entry. */
    async explain(asked: AskedOf<'why'> & { readonly person: string }): Promise<readonly string[]> {
      const inForce = await policy.current();
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
        history: historyOf(await ledger.history()),
        teams: await teamsWith(deps, inForce.repository, asked.person),
        policyProblem: inForce.problem,
        plan: {},
      };
      const evaluation = evaluate({ policy: inForce.repository.policy, request, world, now: now() });
      const problem = inForce.problem ? [`The policy in force is not the newest one: ${inForce.problem}.`] : [];
      return [...problem, ...explainVerdict(evaluation)];
    },

    /** Kinds this person could ask for somewhere; help shows only those. */
    async mayRequest(person: string): Promise<(kind: AskedKind) => boolean> {
      const { repository } = await policy.current();
      const teams = await teamsWith(deps, repository, person);
      return mayAsk(repository, { id: person, teams }, now());
    },

    /** Why this person may not ask for anything at all; a standing that Slack does not tell is no reason. */
    async whyNothing(person: string): Promise<string | undefined> {
      return whyNothing(await deps.standingOf(person).catch(() => 'unknown' as const));
    },

    async teamsOf(person: string): Promise<readonly string[]> {
      const { repository } = await policy.current();
      const teams = await teamsWith(deps, repository, person);
      return [...repository.policy.teams.keys()].filter((team) => isIn(repository, team, teams, person, now()));
    },
  };
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

function fieldsOf(inputs: DeclaredInputs): readonly RunbookField[] {
  return Object.entries(inputs).map(([name, spec]) => ({
    name,
    type: spec.type,
    required: spec.default === undefined,
    ...(spec.default === undefined ? {} : { initial: String(spec.default) }),
    ...(spec.help === undefined ? {} : { hint: spec.help }),
    ...(spec.type === 'choice' ? { options: spec.options } : {}),
  }));
}
