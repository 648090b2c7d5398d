import type { Context } from '../context';
import type { Duty } from '../duty';
import { unknownAuthors } from '../unknown-authors';

/** SOX: two people besides whoever asked and whoever wrote it, for work of every kind. */
export function soxDuties({ service }: Context): readonly Duty[] {
  if (!service?.compliance.sox) return [];
  return [
    {
      rule: `dual approval of ${service.name}`,
      because: `${service.name} needs two approvers (sox: required).`,
      source: { file: service.file, line: service.lineOf(['compliance', 'sox']) },
      approvers: 2,
    },
  ];
}

/**
 * PCI DSS: somebody has to approve who neither asked nor wrote it, for work of every kind; one more while nobody knows
 * who wrote what a deploy brings.
 */
export function pciDuties({ service, request }: Context): readonly Duty[] {
  if (service?.compliance.pciDss === undefined) return [];
  const source = { file: service.file, line: service.lineOf(['compliance', 'pci_dss']) };
  const unknown = request.kind === 'deploy' ? unknownAuthors(request, service.name) : undefined;
  if (unknown !== undefined) return [{ rule: 'unknown authors', because: unknown, source, approvers: 'one_more' }];
  return [
    {
      rule: `segregation of ${service.name}`,
      because: `${service.name} is under PCI DSS, so somebody who neither asked nor wrote it has to approve it.`,
      source,
      approvers: 1,
    },
  ];
}
