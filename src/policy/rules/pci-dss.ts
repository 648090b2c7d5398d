import { approversAsked } from '../approvals/asked';
import { both, subjectOf, type Rule } from '../context';
import { authorsEvidence, segregation } from '../segregation';
import { violation } from '../violation';

/**
 * Services under PCI DSS keep a reason with every change but a rollback (requirement 6.5.1), have at least one approver
 * who neither asked nor wrote it, one more when nobody knows who wrote it (`pciDuties`), and, where policy asks for it,
 * somebody else than an author who requests. Evidence: `pci_dss`.
 */
export const pciDss: Rule = (context) => {
  const { policy, service, request, isRollback } = context;
  const level = service?.compliance.pciDss;
  if (!service || level === undefined) return {};
  const rule = policy.compliance.pciDss;
  const reason = request.reason?.trim();
  const source = { file: service.file, line: service.lineOf(['compliance', 'pci_dss']) };
  const missing = `A reason is missing for ${subjectOf(request)}, because ${service.name} is under PCI DSS (compliance.pci_dss: ${level}) and every change says what it is for; ask again with --reason "why".`;
  const undocumented =
    isRollback || reason ? {} : violation(context, { ...rule, rule: 'pci_dss', message: missing, source });
  const apart = segregation(context, { ...rule, rule: 'pci_dss', regime: 'PCI DSS', source });
  return {
    ...both(undocumented, apart),
    evidence: {
      pci_dss: {
        level,
        reason: reason ?? null,
        requester: request.requester.id,
        ...authorsEvidence(context),
        segregation: rule.segregation,
        approversAsked: approversAsked(context),
        irreversibleSteps: context.world.plan?.irreversible ?? null,
      },
    },
  };
};
