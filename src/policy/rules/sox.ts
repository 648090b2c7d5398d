import { approversAsked } from '../approvals/asked';
import { both, subjectOf, type Rule } from '../context';
import { authorsEvidence, segregation } from '../segregation';
import { violation } from '../violation';

/**
 * Services under SOX keep a business justification with every change but a rollback, have two approvers (`soxDuties`;
 * rollbacks and break-glass as `askedFor` says), and, where policy asks for it, somebody else than an author who
 * requests. Evidence: `sox`.
 */
export const sox: Rule = (context) => {
  const { policy, service, request, isRollback } = context;
  if (!service?.compliance.sox) return {};
  const rule = policy.compliance.sox;
  const reason = request.reason?.trim();
  const source = { file: service.file, line: service.lineOf(['compliance', 'sox']) };
  const missing = `A reason is missing for ${subjectOf(request)}, because ${service.name} is under SOX (compliance.sox: required) and every change keeps its business justification; ask again with --reason "why".`;
  const unjustified =
    isRollback || reason ? {} : violation(context, { ...rule, rule: 'sox', message: missing, source });
  const apart = segregation(context, { ...rule, rule: 'sox', regime: 'SOX', source });
  return {
    ...both(unjustified, apart),
    evidence: {
      sox: {
        businessJustification: reason ?? null,
        requester: request.requester.id,
        ...authorsEvidence(context),
        segregation: rule.segregation,
        approversAsked: approversAsked(context),
      },
    },
  };
};
