import { denial, subjectOf, type Rule } from '../context';
import { objectionToTouch } from '../resource-rights';

/** What was provisioned is taken away by whose it is, or at the end of its lease by nobody. */
export const resources: Rule = (context) => {
  const { request, world } = context;
  if (request.kind !== 'destroy') return {};
  if (world.leaseEnd !== undefined)
    return {
      why: [
        {
          rule: 'lease',
          message: `Its lease is over, and whoever approved ${world.leaseEnd} approved that it is taken away then, so nobody is asked again.`,
        },
      ],
    };
  const owner = world.resource?.owner;
  // What is not on record is nobody's, and nothing takes it away.
  if (!owner) return {};
  const objection = objectionToTouch({ ...context, owner, by: request.requester });
  if (objection === undefined) return {};
  const source = context.policy.file.operators ? context.policy.source(['operators']) : context.environment?.source;
  return denial('resources', `You may not ask for ${subjectOf(request)}, because ${objection}.`, source);
};
