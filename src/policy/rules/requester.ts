import { denial, listed, membership, subjectOf, type Context, type Finding, type Rule } from '../context';
import { rollbackTeams } from '../operators';
import type { Standing } from '../request';

/** Who may ask for this at all: people of the named teams, machines of the named list, and owners for a rollback. */
export const requester: Rule = (context) => {
  const { request, environment } = context;
  const asker = request.requester;
  // Nobody asks: what was approved with the lease comes true.
  if (context.world.leaseEnd !== undefined) return {};
  if (asker.kind === 'machine') return machine(context, asker.id);
  const standing = context.world.requester ?? 'member';
  if (standing !== 'member') return denial('requester', standingWords[standing]);
  const teams = allowedTeams(context);
  if (teams === undefined) return {};
  const member = membership(context, teams, asker.id);
  if (member === 'yes') return {};
  const source =
    context.isRollback && context.policy.file.rollback?.who
      ? context.policy.source(['rollback', 'who'])
      : environment?.source;
  const why =
    member === 'unknown'
      ? `Slack did not say whether you are in ${listed(teams, 'or')}, and unknown means no`
      : `only ${listed(teams, 'or')} may ask for that and you are not in it`;
  return denial(
    'requester',
    `You may not ask for ${subjectOf(request)}, because ${why}; ask somebody who is, or have the owner of the policy repository change it.`,
    source,
  );
};

/** Undefined: every full member. */
function allowedTeams({ policy, environment, service, isRollback }: Context): readonly string[] | undefined {
  const teams = isRollback ? rollbackTeams({ policy, environment }) : environment?.request;
  if (teams === undefined) return undefined;
  // The owner of a service can always roll it back (law 5).
  return isRollback && service?.owner ? [...new Set([...teams, service.owner])] : teams;
}

function machine({ request, environment }: Context, id: string): Finding {
  if (environment?.machines === undefined || environment.machines.includes(id)) return {};
  return denial(
    'requester',
    `The machine "${id}" may not ask for ${subjectOf(request)}, because policy lists other machines for ${environment.name} (${listed(environment.machines) || 'none'}); the owner of the policy repository can add it under machines.`,
    environment.source,
  );
}

const standingWords: { readonly [standing in Exclude<Standing, 'member'>]: string } = {
  guest:
    'You may not ask for this, because you are a guest of this workspace and guests only look on; ask a full member to do it.',
  stranger:
    'You may not ask for this, because you belong to another organisation; ask a member of this workspace to do it.',
  deactivated:
    'This account may not ask for anything, because it is deactivated; an administrator of the workspace can change that.',
  bot: 'An app may not ask as a person; it needs a token of its own, which whoever runs Signalbox can give it.',
  unknown:
    'You may not ask for this now, because Slack did not say who you are and unknown means no; try again in a minute.',
};
