import type { JsonObject } from '../json';
import { listed, subjectOf, type Context, type Finding } from './context';
import { excludedAccounts, peopleCalled } from './people';
import { violation, type Violation } from './violation';

/** Whose duties have to be apart: approvers from everybody else always; `three_people` also who asks from who wrote it. */
export type Segregation = 'approvers' | 'three_people';

/** Who wrote a change, by id: the record names nobody otherwise. Null when nobody knows. */
export function authorsEvidence({ policy, request }: Context): JsonObject {
  const { people } = policy;
  if (request.authors === undefined) return { authors: null };
  const known = request.authors.map((author) => peopleCalled(people, author));
  const unlisted = known.filter((ids) => ids.length === 0).length;
  return { authors: [...new Set(known.flat())], ...(unlisted > 0 ? { unlistedAuthors: unlisted } : {}) };
}

/** Where three people are wanted, whoever wrote a change may not be the one who asks for it. Rollbacks are let through. */
export function segregation(
  context: Context,
  wanted: Omit<Violation, 'message'> & { readonly segregation: Segregation; readonly regime: string },
): Finding {
  const { policy, service, request } = context;
  const { segregation: wants, regime, ...broken } = wanted;
  if (wants !== 'three_people' || request.kind !== 'deploy' || !service) return {};
  const why = `${service.name} is under ${regime} and policy keeps requesters and authors apart (segregation: three_people)`;
  // There is a second verdict, with the authors, before anybody is asked.
  if (request.authors === undefined && context.world.isChangeLater) return {};
  // Authors are looked up after the first verdict; the second one, with the plan, knows what there is to know.
  if (request.authors === undefined && context.world.plan === undefined) return {};
  if (request.authors === undefined) {
    const message = `Nobody can tell who wrote what ${subjectOf(request)} would bring, and ${why}, so unknown means no; name the repository in ${service.file}, or have the owner of the policy repository change the rule.`;
    return violation(context, { ...broken, message });
  }
  // The name may be one that the requester commits under.
  const { strangers = [] } = request;
  if (strangers.length > 0) {
    const message = `Nobody knows who ${listed(strangers.slice(0, 3))} ${strangers.length > 1 ? 'are' : 'is'}, who wrote a part of what ${subjectOf(request)} would bring, and ${why}, so unknown means no; say in people.yaml who it is, or have the owner of the policy repository change the rule.`;
    return violation(context, { ...broken, message });
  }
  const authors = excludedAccounts({ people: policy.people, authors: request.authors }).map(({ id }) => id);
  if (request.requester.kind !== 'person' || !authors.includes(request.requester.id)) return {};
  const message = `You wrote part of what ${subjectOf(request)} would bring, and ${why}; have somebody ask for it who did not write it.`;
  return violation(context, { ...broken, message });
}
