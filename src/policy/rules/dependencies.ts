import type { Rule } from '../context';

/** Says when a service leans on something that nobody has described. */
export const dependencies: Rule = ({ policy, service, request }) => {
  const unknown = (service?.internalDependencies ?? []).filter((name) => !policy.services.has(name));
  if (!service || request.kind !== 'deploy' || unknown.length === 0) return {};
  return {
    reasons: [
      {
        rule: 'dependencies',
        level: 'advisory',
        message: `${service.name} depends on ${unknown.join(', ')}, which no service file describes, so nobody checks whether it is healthy; its owner can add a file under configs/services.`,
        source: { file: service.file, line: service.lineOf(['dependencies', 'internal']) },
      },
    ],
  };
};
