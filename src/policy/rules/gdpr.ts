import type { JsonObject } from '../../json';
import { listed, subjectOf, type Context, type Finding, type Rule } from '../context';
import { matchesGlob } from '../../code/path-pattern';
import type { Policy, Service } from '../policy';
import { violation } from '../violation';

const dayMs = 86_400_000;

type GdprRule = NonNullable<Policy['compliance']['gdpr']>;

/**
 * Services under the GDPR run only in regions that policy allows, and have a privacy impact assessment that is not too
 * old. Without `compliance.gdpr` in policy there is nothing to compare with, which is said. Evidence: `gdpr`.
 */
export const gdpr: Rule = (context) => {
  const { policy, service, request } = context;
  if (!service?.compliance.gdpr) return {};
  const rule = policy.compliance.gdpr;
  const changes = request.kind === 'deploy' || request.kind === 'provision';
  const evidence = { gdpr: evidenceOf(context, service, rule) };
  if (!changes) return { evidence };
  if (!rule) return { reasons: [nothingToCompare(service)], evidence };
  const findings = [residency(context, service, rule), assessment(context, service, rule)];
  return {
    reasons: findings.flatMap(({ reasons = [] }) => reasons),
    gates: findings.flatMap(({ gates = [] }) => gates),
    evidence,
  };
};

function residency(context: Context, service: Service, rule: GdprRule): Finding {
  const { regions } = service;
  const outside = outsideOf(rule, regions);
  if (regions.length > 0 && outside.length === 0) return {};
  const allowed = `policy keeps it in ${listed(rule.regions, 'or')}`;
  const message =
    regions.length === 0
      ? `${service.name} is under the GDPR and its file names no regions (deployment.regions), so nobody can tell where ${subjectOf(context.request)} would put personal data, and ${allowed}; add them to ${service.file}.`
      : `${service.name} is under the GDPR and would run in ${listed(outside)}, but ${allowed}; take that out of deployment.regions in ${service.file}, or have the owner of the policy repository change compliance.gdpr.regions.`;
  return violation(context, {
    ...rule,
    rule: 'gdpr',
    message,
    source: { file: service.file, line: service.lineOf(['deployment', 'regions']) },
  });
}

function assessment(context: Context, service: Service, rule: GdprRule): Finding {
  if (rule.assessmentMaxAgeMs === 'not_asked') return {};
  const { assessedOn } = service.compliance;
  const state = assessmentState(assessedOn, rule.assessmentMaxAgeMs, context.now);
  if (state === 'current') return {};
  const days = Math.round(rule.assessmentMaxAgeMs / dayMs);
  const what = {
    missing: 'has no privacy impact assessment in its file',
    expired: `has a privacy impact assessment of ${assessedOn}, which is older than ${days} days`,
    future: `has a privacy impact assessment of ${assessedOn}, which is a day to come`,
  }[state];
  return violation(context, {
    ...rule,
    rule: 'gdpr',
    message: `${service.name} is under the GDPR and ${what}; have it assessed and write the day into ${service.file} (compliance.privacy_assessment.date).`,
    source: { file: service.file, line: service.lineOf(['compliance', 'gdpr']) },
  });
}

function assessmentState(
  day: string | undefined,
  maxAgeMs: number,
  now: Date,
): 'current' | 'missing' | 'expired' | 'future' {
  if (day === undefined) return 'missing';
  const ageMs = now.getTime() - Date.parse(`${day}T00:00:00Z`);
  // Somewhere it is that day already, up to fourteen hours before it is in UTC.
  if (ageMs < -14 * 3_600_000) return 'future';
  return ageMs <= maxAgeMs + dayMs ? 'current' : 'expired';
}

function outsideOf(rule: GdprRule, regions: readonly string[]): readonly string[] {
  return regions.filter((region) => !rule.regions.some((allowed) => matchesGlob(region, allowed)));
}

function evidenceOf({ now }: Context, service: Service, rule: GdprRule | undefined): JsonObject {
  const { assessedOn } = service.compliance;
  const maxAgeMs = rule?.assessmentMaxAgeMs;
  return {
    regions: [...service.regions],
    allowedRegions: rule ? [...rule.regions] : null,
    outside: rule ? [...outsideOf(rule, service.regions)] : null,
    privacyAssessment: assessedOn ?? null,
    privacyAssessmentState: typeof maxAgeMs === 'number' ? assessmentState(assessedOn, maxAgeMs, now) : 'not_asked',
  };
}

function nothingToCompare(service: Service) {
  return {
    rule: 'gdpr',
    level: 'advisory' as const,
    message: `${service.name} is under the GDPR, but policy says neither where personal data may be nor how old a privacy assessment may be, so nothing is checked; the owner of the policy repository can add compliance.gdpr.`,
    source: { file: service.file, line: service.lineOf(['compliance', 'gdpr']) },
  };
}
