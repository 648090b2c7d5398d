import type { Context } from '../context';
import type { Duty } from '../duty';
import { unknownAuthors } from '../unknown-authors';
import type { Reason } from '../verdict';
import { pciDuties, soxDuties } from './regime-duties';
import { countOf, type Wanted } from './wanted';

/** Seats that the service, its regimes, unknown authors and machines add to those that rules ask for. */
export function dutiesOf(
  context: Context,
  base: readonly Wanted[],
): { readonly seats: readonly Wanted[]; readonly duties: readonly Duty[]; readonly reasons: readonly Reason[] } {
  const { service } = context;
  const added: Duty[] = [];
  const before = countOf(base);
  let count = before;
  for (const duty of [
    ...ownDuties(context),
    ...soxDuties(context),
    ...pciDuties(context),
    ...machineDuties(context),
    ...policyDuties(context),
  ]) {
    const upTo = duty.approvers === 'one_more' ? count + 1 : duty.approvers;
    if (count >= upTo) continue;
    count = upTo;
    added.push(duty);
  }
  const missing = count - before;
  if (missing === 0) return { seats: [], duties: [], reasons: [] };
  const teams = service?.owner === undefined ? base[0]?.teams : [service.owner];
  if (teams !== undefined) return { seats: [{ teams, count: missing }], duties: added, reasons: [] };
  const message = `${added.map(({ because }) => because).join(' ')} Nobody can, because ${service ? `${service.name} has no owner` : 'no team is named for it'}; add an owner to ${service?.file ?? 'its service file'}.`;
  const { rule, source } = added[0]!;
  return { seats: [], duties: [], reasons: [{ rule, level: 'hard', message, source }] };
}

/** What the service file and `unknown_authors` ask for. */
function ownDuties({ policy, request, service }: Context): readonly Duty[] {
  if (!service) return [];
  const dual: Duty = {
    rule: `dual approval of ${service.name}`,
    because: `${service.name} needs two approvers (requires_dual_approval).`,
    source: { file: service.file, line: service.lineOf(['deployment', 'requires_dual_approval']) },
    approvers: 2,
  };
  const because = unknownAuthors(request, service.name);
  const unknown: Duty = {
    rule: 'unknown authors',
    because: because ?? '',
    source: policy.source(['unknown_authors']),
    approvers: 'one_more',
  };
  const needsAuthors = policy.file.unknown_authors === 'extra_seat' && service.compliance.pciDss === undefined;
  const isUnknown = needsAuthors && because !== undefined && request.kind === 'deploy';
  return [...(service.needsDualApproval ? [dual] : []), ...(isUnknown ? [unknown] : [])];
}

function machineDuties({ request, environment }: Context): readonly Duty[] {
  if (request.requester.kind !== 'machine' || !environment?.strict) return [];
  return [
    {
      rule: 'machines',
      because: `A machine asks, and ${environment.name} is strict, so a person has to approve it.`,
      source: environment.source,
      approvers: 1,
    },
  ];
}

/** Git names are forgeable: under a name that nobody bears, somebody could approve what they wrote themselves. */
function policyDuties({ policy, request, world }: Context): readonly Duty[] {
  if (request.kind !== 'policy') return [];
  const because = world.policyChange?.isUnclear
    ? 'Its commits do not say who changed what, because history was rewritten or moved back, so one more person has to approve it.'
    : (request.strangers ?? []).length > 0
      ? unknownAuthors(request, 'the policy')
      : undefined;
  if (because === undefined) return [];
  return [{ rule: 'unknown authors', because, source: policy.source(['policy_changes']), approvers: 'one_more' }];
}
