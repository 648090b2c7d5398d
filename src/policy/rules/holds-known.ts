import { subjectOf, type Rule } from '../context';

/** Unknown means no: nothing begins that a lock, a freeze or the stop may hold back, while nobody can say. */
export const holdsKnown: Rule = ({ request, world, isRollback, isBreakGlass }) => {
  if (world.holdsUnknown === undefined || isRollback || isBreakGlass || request.kind === 'policy') return {};
  const message = `Nobody can say whether a lock, a freeze, a stop or an incident holds ${subjectOf(request)} back, because ${world.holdsUnknown}; it is asked again by itself, and whoever runs Signalbox can see why.`;
  return { gates: [{ kind: 'prerequisite', rule: 'holds', holds: false, message }] };
};
