import { listed, subjectOf, type Rule } from '../context';
import { violation } from '../violation';

/**
 * Services under HIPAA declare that what they keep is encrypted at rest and in transit, and where the log of access to
 * it is. Evidence: `hipaa`.
 */
export const hipaa: Rule = (context) => {
  const { policy, service, request } = context;
  if (!service?.compliance.hipaa) return {};
  const { encryptedAtRest, encryptedInTransit, accessLog } = service.compliance;
  const evidence = {
    hipaa: { encryptedAtRest, encryptedInTransit, accessLog: accessLog ?? null },
  };
  const missing = [
    ...(encryptedAtRest ? [] : ['encryption at rest (compliance.encryption.at_rest: true)']),
    ...(encryptedInTransit ? [] : ['encryption in transit (compliance.encryption.in_transit: true)']),
    ...(accessLog ? [] : ['a log of access (compliance.access_log)']),
  ];
  if (missing.length === 0 || (request.kind !== 'deploy' && request.kind !== 'provision')) return { evidence };
  const message = `${service.name} is under HIPAA and its file does not declare ${listed(missing)}, so ${subjectOf(request)} could expose health data; see to it, then declare it in ${service.file}.`;
  const source = { file: service.file, line: service.lineOf(['compliance', 'hipaa']) };
  return { ...violation(context, { ...policy.compliance.hipaa, rule: 'hipaa', message, source }), evidence };
};
