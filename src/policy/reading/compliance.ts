import { parseDuration } from '../../runbooks/duration';
import type { OverrideRule, Policy } from '../policy';
import type { OverrideText, PolicyFile } from '../schema';
import type { Path, Reader } from './reader';

const defaultTimeoutMs = 86_400_000;
const yearMs = 365 * 86_400_000;

/** Who may override soft rules that name nobody themselves. */
export function readOverrides(reader: Reader): OverrideRule | undefined {
  return readOverride(reader, reader.file.overrides, ['overrides']);
}

/** Who may override one soft rule. */
export function readOverride(reader: Reader, rule: OverrideText | undefined, path: Path): OverrideRule | undefined {
  if (!rule) return undefined;
  reader.teams(rule.who, [...path, 'who']);
  const { overrides } = reader.file;
  const timeout = rule.timeout ?? overrides?.timeout;
  return {
    who: rule.who,
    self: rule.self ?? overrides?.self ?? false,
    timeoutMs: timeout === undefined ? defaultTimeoutMs : reader.duration(timeout, [...path, 'timeout']),
  };
}

/** A soft rule that nobody may override refuses like a hard one, which is probably not what was meant. */
export function warnIfNobodyOverrides(
  reader: Reader,
  rule: { readonly level?: string; readonly override?: OverrideText },
  path: Path,
): void {
  if (rule.level === 'soft' && !rule.override && !reader.file.overrides)
    reader.warn(path, 'it is soft, and nobody may override it; name a team under overrides.who');
}

/** What the company's regimes ask for. A section that is absent has the strictest level. */
export function readCompliance(reader: Reader): Policy['compliance'] {
  const file: NonNullable<PolicyFile['compliance']> = reader.file.compliance ?? {};
  const common = (regime: keyof typeof file) => {
    const rule = file[regime];
    const path = ['compliance', regime];
    warnIfNobodyOverrides(reader, rule ?? {}, path);
    return {
      level: rule?.level ?? ('hard' as const),
      override: readOverride(reader, rule?.override, [...path, 'override']),
    };
  };
  const { gdpr } = file;
  return {
    sox: { ...common('sox'), segregation: file.sox?.segregation ?? 'approvers' },
    pciDss: { ...common('pci_dss'), segregation: file.pci_dss?.segregation ?? 'approvers' },
    hipaa: common('hipaa'),
    ...(gdpr && {
      gdpr: {
        ...common('gdpr'),
        regions: gdpr.regions,
        assessmentMaxAgeMs:
          gdpr.privacy_assessment === 'none'
            ? ('not_asked' as const)
            : (parseDuration(gdpr.privacy_assessment?.max_age ?? '') ?? yearMs),
      },
    }),
  };
}

/** The company's own rules; each has a name of its own. */
export function readCompanyRules(reader: Reader): Policy['rules'] {
  const names = new Set<string>();
  return (reader.file.rules ?? []).flatMap((rule, index) => {
    const path = ['rules', index];
    if (names.has(rule.name)) reader.problem([...path, 'name'], `two rules are called "${rule.name}"`);
    names.add(rule.name);
    warnIfNobodyOverrides(reader, rule, path);
    const when = reader.condition(rule.when, [...path, 'when']);
    const override = readOverride(reader, rule.override, [...path, 'override']);
    if (!when) return [];
    const { name, message } = rule;
    return [
      {
        name,
        message,
        when,
        override,
        level: rule.level ?? 'hard',
        source: reader.source(path),
        ...(rule.mode === 'shadow' ? { mode: rule.mode } : {}),
      },
    ];
  });
}
