import { isExcepted, subjectOf, type Rule } from '../context';

/** An open incident freezes its service until it is resolved. */
export const incidents: Rule = ({ policy, request, world, isRollback, isBreakGlass }) => {
  const rule = policy.file.incidents;
  if (isRollback || isBreakGlass || rule?.freeze === 'none' || isExcepted(request, rule?.except ?? [])) return {};
  const open = (world.incidents ?? []).filter(
    (incident) =>
      incident.state !== 'resolved' &&
      incident.service !== undefined &&
      incident.service === request.service &&
      (incident.environment === undefined || incident.environment === request.environment),
  );
  return {
    gates: open.map((incident) => ({
      kind: 'prerequisite',
      rule: `incident ${incident.id}`,
      holds: false,
      message: `The incident ${incident.id} (${incident.severity}) holds ${subjectOf(request)} back; it goes on by itself when the incident is resolved. Rollbacks still work.`,
    })),
  };
};
