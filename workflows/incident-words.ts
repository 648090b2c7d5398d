import type { VoteRefusal } from '../src/approvals/ballot';
import type { IncidentAct } from '../src/incidents/incident';
import type { Standing } from '../src/policy/standing';

/** Why somebody may not act on an incident; what is not listed was not confirmed by Slack. */
const refusals: { readonly [code in VoteRefusal]?: string } = {
  guest:
    'Nothing was done, because guests of this workspace do not act on incidents; ask a full member to do it for you.',
  stranger:
    'Nothing was done, because you belong to another organisation; ask a member of this workspace to do it for you.',
  deactivated:
    'Nothing was done, because this account is deactivated; somebody else has to do it, or an administrator of the workspace has to let the account in again.',
  bot: 'Nothing was done, because apps and bots do not act on incidents; a person has to do it.',
  unknown_person:
    'Nothing was done, because Slack does not know who you are here; ask a member of this workspace, or have an administrator look at your account.',
  bad_signature: 'This did not come through Signalbox, so it was ignored.',
};

/** Why an act on an incident was refused, for whoever tried. */
export function actRefusal(code: VoteRefusal): string {
  return (
    refusals[code] ??
    'Slack did not confirm that you are a member of this workspace, so nothing was done; try again in a moment.'
  );
}

const unfit: { readonly [standing in Exclude<Standing, 'member'>]: string } = {
  guest: 'they are a guest of this workspace',
  stranger: 'they belong to another organisation',
  deactivated: 'their account is deactivated',
  bot: 'it is an app or a bot',
  unknown: 'Slack knows nobody of that name here',
};

/** Why somebody does not get a role; `unsaid` when Slack did not answer. */
export function assigneeRefusal(standing: Exclude<Standing, 'member'> | 'unsaid'): string {
  return standing === 'unsaid'
    ? 'Nobody was given the role, because Slack did not say who that is and unknown means no; try again in a moment.'
    : `Nobody was given the role, because ${unfit[standing]} and roles go to full members; name somebody else.`;
}

const answers: { readonly [kind in IncidentAct['kind']]: string } = {
  join: 'You joined the incident.',
  update: 'Your update is on the card and in its thread.',
  assign: 'The role is given; the card says who has which role.',
  mitigate: 'The incident is marked as mitigated.',
  resolve: 'The incident is resolved, and its card takes no more.',
};

/** What somebody is told whose act counted. */
export function actAnswer(kind: IncidentAct['kind']): string {
  return answers[kind];
}

/** A line of the timeline; nothing for what is no act on an incident. Never holds a person's id. */
export function timelineText(act: IncidentAct): string | undefined {
  switch (act.kind) {
    case 'join':
      return `joined${act.text ? ` and says: ${act.text}` : ''}`;
    case 'update':
      return act.text;
    case 'assign':
      return act.role === 'communications' ? 'gave communications to' : `named as ${act.role}`;
    case 'mitigate':
      return `says it is mitigated${act.text ? `: ${act.text}` : ''}`;
    case 'resolve':
      return `resolved it${act.text ? `: ${act.text}` : ''}`;
    default:
      return undefined;
  }
}
