import { denial, subjectOf, type Rule } from '../context';

/** Services under SOX keep a reason with every change. */
export const reasonGiven: Rule = ({ service, request, isRollback }) => {
  if (!service?.needsReason || isRollback || request.reason?.trim()) return {};
  return denial(
    'sox',
    `A reason is missing for ${subjectOf(request)}, because ${service.name} is under SOX (compliance.sox: required); ask again with --reason "why".`,
    { file: service.file, line: service.lineOf(['compliance', 'sox']) },
  );
};
