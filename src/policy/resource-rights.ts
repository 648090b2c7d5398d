import { listed, membership, nameIn, type Context } from './context';

/** Whose it is. */
export interface Owner {
  readonly kind: 'person' | 'machine';
  readonly id: string;
}

type Question = Pick<Context, 'policy' | 'world' | 'now' | 'service' | 'environment'> & {
  readonly owner: Owner;
  readonly by: { readonly kind: 'person' | 'machine'; readonly id: string };
};

/**
 * Why somebody may not destroy or extend what was provisioned: it belongs to its owner, to the teams that may ask for
 * work where it is, to the owner of its service and to the company's operators. Undefined when they may.
 */
export function objectionToTouch(question: Question): string | undefined {
  const { policy, owner, by, environment } = question;
  if (owner.kind === by.kind && isSame(question, owner.id, by.id)) return undefined;
  if (by.kind === 'machine') {
    if (environment?.machines?.includes(by.id)) return undefined;
    return `the machine "${by.id}" has not made it and policy lists it nowhere; the owner of the policy repository can add it under machines of its environment`;
  }
  const teams = teamsFor(question);
  const member = teams.length === 0 ? 'no' : membership(question, teams, by.id);
  if (member === 'yes') return undefined;
  const whose = `it is ${nameIn(policy, owner.id)}'s`;
  if (member === 'unknown')
    return `${whose} and Slack did not say whether you are in ${listed(teams, 'or')}; try again in a minute`;
  const who = teams.length === 0 ? 'only they may' : `only they and ${listed(teams)} may`;
  return `${whose} and ${who}; ask one of them, or have the owner of the policy repository change operators`;
}

function teamsFor({ policy, service, environment }: Question): readonly string[] {
  return [
    ...new Set([
      ...(environment?.request ?? []),
      ...(service?.owner === undefined ? [] : [service.owner]),
      ...(policy.file.operators ?? []),
    ]),
  ];
}

function isSame({ policy: { people } }: Question, one: string, other: string): boolean {
  return one === other || people.personOf(one) === people.personOf(other);
}
