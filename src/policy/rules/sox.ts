import { both, subjectOf, type Context, type Rule } from '../context';
import type { Duty } from '../duty';
import { authorsEvidence, segregation } from '../segregation';
import { violation } from '../violation';

/**
 * Services under SOX keep a business justification with every change but a rollback, have two approvers
 * (`soxDuties`), and, where policy asks for it, somebody else than an author who requests. Evidence: `sox`.
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
        approversAtLeast: soxDuties(context).length > 0 ? 2 : 0,
      },
    },
  };
};

/** Dual approval: two people besides whoever asked and whoever wrote it. */
export function soxDuties({ service, request }: Context): readonly Duty[] {
  if (!service?.compliance.sox || request.kind === 'runbook') return [];
  return [
    {
      rule: `dual approval of ${service.name}`,
      because: `${service.name} needs two approvers (sox: required).`,
      source: { file: service.file, line: service.lineOf(['compliance', 'sox']) },
      approvers: 2,
    },
  ];
}
