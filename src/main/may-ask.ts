import type { AskedKind } from '../commands/asked';
import { membership } from '../policy/context';
import { handlersThatRun } from '../policy/handlers';
import { rollbackTeams } from '../policy/operators';
import type { Environment } from '../policy/policy';
import type { Repository } from '../policy/read-repository';
import type { Standing } from '../policy/standing';

/** Who wants to know. `teams`: those with a Slack group that they are in; absent when Slack did not say. */
interface Person {
  readonly id: string;
  readonly teams?: { readonly [team: string]: readonly string[] };
}

/**
 * Kinds this person could ask for somewhere, as far as policy can tell without arguments. What nobody knows counts as
 * yes: policy has the last word when it is asked for.
 */
export function mayAsk({ policy, runbooks }: Repository, person: Person, now: Date): (kind: AskedKind) => boolean {
  const isIn = (teams: readonly string[] | undefined): boolean =>
    teams === undefined || membership({ policy, world: { teams: person.teams }, now }, teams, person.id) !== 'no';
  const somewhere = (teamsFor: (environment: Environment) => readonly string[] | undefined): boolean =>
    [...policy.environments.values()].some((environment) => isIn(teamsFor(environment)));
  // The owner of a service can always roll it back (law 5).
  const owns = (): boolean => [...policy.services.values()].some(({ owner }) => owner !== undefined && isIn([owner]));
  const isAskable = (name: string): boolean => handlersThatRun(policy, name).length === 0;
  const hasRunbooks = [...runbooks.values()].some(({ document }) => isAskable(document.name));
  return (kind) => {
    switch (kind) {
      case 'deploy':
        return somewhere(({ request }) => request);
      case 'rollback':
        return somewhere((environment) => rollbackTeams({ policy, environment })) || owns();
      case 'provision':
      case 'runbook.run':
        return hasRunbooks;
      default:
        return true;
    }
  };
}

/**
 * Which runbooks this person could ask for, as far as policy can tell without inputs: no handlers, and where a runbook
 * names an environment, those that are for somewhere this person may ask for.
 */
export function mayRun({ policy, runbooks }: Repository, person: Person, now: Date): (runbook: string) => boolean {
  const isIn = (teams: readonly string[] | undefined): boolean =>
    teams === undefined || membership({ policy, world: { teams: person.teams }, now }, teams, person.id) !== 'no';
  return (name) => {
    const runbook = runbooks.get(name)?.document;
    if (!runbook || handlersThatRun(policy, name).length > 0) return false;
    const named = Object.values(runbook.inputs ?? {}).find(({ type }) => type === 'environment');
    // Without one, it is asked for outside of every environment.
    if (!named) return true;
    return [...policy.environments.values()].some(({ request }) => isIn(request));
  };
}

const sentences: { readonly [standing in Standing]?: string } = {
  guest:
    'You may not ask Signalbox for anything, because you are a guest of this workspace and guests only look on; ask a full member to do it for you.',
  stranger:
    'You may not ask Signalbox for anything, because you belong to another organisation; ask a member of this workspace to do it for you.',
  deactivated:
    'This account may not ask Signalbox for anything, because it is deactivated; an administrator of the workspace can change that.',
  bot: 'An app may not ask Signalbox for anything as a person; whoever runs Signalbox can give it a token of its own.',
};

/** Why somebody may not ask for anything at all, and whom to ask; nothing for members and for whom Slack does not know. */
export function whyNothing(standing: Standing): string | undefined {
  return sentences[standing];
}
