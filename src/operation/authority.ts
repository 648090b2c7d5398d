import type { TeamMembers, Vote } from '../approvals/ballot';
import type { OperationAct } from './ports';
import type { Requester } from './request';

/** A team whose members have a say in a running operation. */
export interface OperatorTeam extends TeamMembers {
  readonly team: string;
  /** `abort`: only that, because whoever may roll back may also stop what they would take away (law 5). */
  readonly may: 'everything' | 'abort';
}

/** Who may act on an operation, frozen with its judgement; who sits in the teams is asked of Slack at every act. */
export interface Operators {
  readonly teams: readonly OperatorTeam[];
  /** Whose the thing is that it takes away: Slack user id. */
  readonly owner?: string;
  /** Second accounts of people who have several: account -> person. */
  readonly persons: { readonly [account: string]: string };
}

/** Who acts, as Slack or a token knows them now. */
export interface Actor {
  readonly kind: 'person' | 'machine';
  /** Slack user id, or name of the machine. */
  readonly by: string;
  /** Teams among the operators' in which they sit. */
  readonly teams: readonly string[];
  /** Teams of which Slack did not say whether they sit in them. */
  readonly unknown: readonly string[];
}

export type Authority =
  | {
      readonly kind: 'granted';
      /** `requester`, `voter`, `owner`, `member`, or the team that lets them. */
      readonly as: string;
    }
  | { readonly kind: 'refused'; readonly sentence: string };

/** A decision about an act in one state of the operation. */
export interface AuthorityQuestion {
  readonly act: OperationAct['kind'];
  readonly actor: Actor;
  readonly requester: Requester;
  /** Votes that count now. */
  readonly votes: readonly Pick<Vote, 'by' | 'person'>[];
  /** Absent before there is a judgement. */
  readonly operators?: Operators;
}

/**
 * Whether somebody may do this to an operation: whoever asked, whoever voted on it, and members of the teams that
 * policy gives a say. What a person waits for is cancelled by whoever asked or voted only, what a machine waits for by
 * all who have a say; a machine stops only what it asked for itself. Pure, and a part of the workflow bundle.
 */
export function authorityOver({ act, actor, requester, votes, operators }: AuthorityQuestion): Authority {
  const { persons, teams, owner } = operators ?? nobody;
  const personOf = (account: string): string => (Object.hasOwn(persons, account) ? persons[account]! : account);
  if (actor.kind === 'machine') {
    const isOwn = requester.kind === 'machine' && requester.id === actor.by;
    return isOwn && (act === 'cancel' || act === 'abort') ? granted('requester') : refused(machineSentence);
  }
  if (act === 'resync') return granted('member');
  const person = personOf(actor.by);
  if (requester.kind === 'person' && personOf(requester.id) === person) return granted('requester');
  if (votes.some((vote) => vote.by === actor.by || vote.person === person)) return granted('voter');
  if (act === 'cancel' && requester.kind === 'person') return refused(cancelSentence);
  if (owner !== undefined && personOf(owner) === person) return granted('owner');
  const entitled = teams.filter(({ may }) => may === 'everything' || act === 'abort').map(({ team }) => team);
  const own = entitled.find((team) => actor.teams.includes(team));
  if (own !== undefined) return granted(own);
  if (act === 'cancel' && operators === undefined) return refused(tooEarlySentence);
  const who = [
    requester.kind === 'person' ? 'whoever asked for this, whoever voted on it' : 'whoever voted on it',
    ...(owner === undefined ? [] : ['whoever it belongs to']),
    ...(entitled.length > 0 ? [`and members of ${either(entitled)}`] : []),
  ].join(', ');
  const unknown = entitled.filter((team) => actor.unknown.includes(team));
  if (unknown.length > 0)
    return refused(
      `You may not ${verbs[act]} now, because Slack did not say whether you are in ${either(unknown)} and unknown means no; try again in a minute, or ask one of those who may: ${who}.`,
    );
  return refused(
    `You may not ${verbs[act]}, because only these may: ${who}; ask one of them, or have the owner of the policy repository add your team under operators in policy.yaml.`,
  );
}

const nobody: Operators = { teams: [], persons: {} };

const verbs: { readonly [act in Exclude<OperationAct['kind'], 'resync'>]: string } = {
  cancel: 'cancel this',
  abort: 'abort this',
  pause: 'pause this',
  resume: 'let this go on',
  retry_step: 'decide about this step',
  skip_step: 'decide about this step',
  signal: 'give this a signal',
  finish_watch: 'end this watch',
  retry_undo: 'decide about this undo',
  done_by_hand: 'decide about this undo',
  leave_it: 'decide about this undo',
};

const machineSentence =
  'A machine may only cancel or abort what it asked for itself, so nothing was done; a person who has a say in this operation has to do it.';
const cancelSentence =
  'Only the person who asked, and those who voted on it, may cancel a waiting request; an approver who has not voted yet can reject it.';

const tooEarlySentence =
  'You may not cancel this yet, because policy is still looking at what a machine asked for; try again once the card says what it waits for.';

function granted(as: string): Authority {
  return { kind: 'granted', as };
}

function refused(sentence: string): Authority {
  return { kind: 'refused', sentence };
}

/** `a, b or c` */
function either(teams: readonly string[]): string {
  return teams.length < 2 ? teams.join('') : `${teams.slice(0, -1).join(', ')} or ${teams.at(-1)}`;
}
