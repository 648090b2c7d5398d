import { nearest } from '../documents/nearest';
import type { FileCache, NamedFile } from '../documents/file-cache';
import { readDocument, type DocumentResult, type Problem } from '../documents/read-yaml';
import type { JsonObject } from '../json';
import { isDay, isZone } from './calendar';
import type { PolicyFileText, Service, ServiceCompliance } from './policy';
import { serviceSchema, type ServiceDocument } from './service-schema';

type Read = Extract<DocumentResult<{ service: ServiceDocument }>, { ok: true }>;

/** Reads every service definition of a commit: `configs/services/<name>.yaml` or `services/<name>.yaml`. */
export function readServices(
  files: ReadonlyMap<string, PolicyFileText>,
  cache: FileCache,
): {
  readonly services: ReadonlyMap<string, Service>;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
} {
  const services = new Map<string, Service>();
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  for (const [file, { text, blob }] of files) {
    if (!servicePlace.test(file)) continue;
    const { service, ...found } = cache.get(readService, { file, text, blob });
    problems.push(...found.problems);
    warnings.push(...found.warnings);
    if (!service) continue;
    const other = services.get(service.name);
    if (other) problems.push(alreadyIn(other.file, service));
    services.set(service.name, service);
  }
  return { services, problems, warnings };
}

/** Where service definitions lie. */
export const servicePlace = /^(?:configs\/)?services\/([^/]+)\.ya?ml$/;

interface ServiceRead {
  readonly service?: Service;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** One definition by itself. */
export function readService({ file, text, blob }: NamedFile): ServiceRead {
  const document = readDocument<{ service: ServiceDocument }>({ file, text, schema: serviceSchema });
  if (!document.ok) return { problems: document.problems, warnings: [] };
  const found = meaningOf({ file, document, stem: servicePlace.exec(file)?.[1] ?? '' });
  return { service: serviceOf({ file, blob, document }), ...found };
}

function alreadyIn(other: string, { file, name, lineOf, columnOf }: Service): Problem {
  const message = `the service "${name}" is defined in ${other} already`;
  return { file, line: lineOf(['name']), column: columnOf(['name']), key: 'service.name', message };
}

// Keys that act. In an open format a slip in one of them would be taken for a key of the organisation's own.
const acting: ReadonlyMap<string, readonly string[]> = new Map([
  ['', ['approvals', 'compliance', 'deployment', 'monitoring', 'dependencies', 'repository', 'version_tag']],
  ['compliance', ['privacy_assessment', 'encryption', 'access_log']],
  ['deployment', ['requires_dual_approval', 'blackout_windows']],
  ['monitoring', ['custom_metrics']],
  ['dependencies', ['internal', 'external']],
]);

const blackoutKeys = ['start', 'end', 'timezone', 'reason', 'except'];
const regimes = ['pci_dss', 'sox', 'gdpr', 'hipaa'] as const;

/**
 * The regime that a key of `compliance` nearly names: spelt otherwise (`SOX`, `pci-dss`, `pci`), or with a slip. A duty
 * that is off because of a letter is worse than an error. Names of other regimes are the organisation's own.
 */
function regimeMeant(section: string, key: string): string | undefined {
  if (section !== 'compliance' || (regimes as readonly string[]).includes(key)) return undefined;
  const bare = key.toLowerCase().replace(/[^a-z0-9]/g, '');
  if (/^soc\d?$/.test(bare)) return undefined;
  const spelt = regimes.find((regime) => regime.replace('_', '') === bare);
  return spelt ?? (bare === 'pci' ? 'pci_dss' : nearest(bare, regimes));
}

function meaningOf(input: { readonly file: string; readonly document: Read; readonly stem: string }): {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
} {
  const { file, document, stem } = input;
  const { service } = document.value;
  const problems: Problem[] = [];
  const at = (path: readonly (string | number)[], message: string, hint?: string): Problem => {
    const all = ['service', ...path];
    const [line, column] = [document.lineOf(all), document.columnOf(all)];
    return { file, line, column, key: all.join('.'), message, ...(hint ? { hint } : {}) };
  };
  if (service.name !== stem)
    problems.push(at(['name'], `the service is called "${service.name}" and its file "${stem}"`, 'give both one name'));
  for (const [index, window] of (service.deployment?.blackout_windows ?? []).entries()) {
    const path = ['deployment', 'blackout_windows', index];
    for (const edge of ['start', 'end'] as const) {
      if (!isDay(window[edge])) problems.push(at([...path, edge], `${window[edge]} is not a day of the calendar`));
    }
    if (window.timezone !== undefined && !isZone(window.timezone))
      problems.push(
        at(
          [...path, 'timezone'],
          `"${window.timezone}" is not a time zone`,
          'write its IANA name, such as Europe/Berlin',
        ),
      );
    for (const key of Object.keys(window).filter((key) => !blackoutKeys.includes(key))) {
      const meant = nearest(key, blackoutKeys);
      if (meant !== undefined)
        problems.push(at([...path, key], `the key "${key}" does nothing`, `did you mean "${meant}"?`));
    }
    if (window.end < window.start) problems.push(at([...path, 'end'], 'the blackout ends before it starts'));
  }
  const { privacy_assessment: assessment } = service.compliance ?? {};
  if (assessment && !isDay(assessment.date))
    problems.push(at(['compliance', 'privacy_assessment', 'date'], `${assessment.date} is not a day of the calendar`));
  for (const [section, keys] of acting) {
    const map = section === '' ? service : service[section];
    for (const key of typeof map === 'object' && map !== null ? Object.keys(map) : []) {
      const meant = keys.includes(key) ? undefined : (nearest(key, keys) ?? regimeMeant(section, key));
      if (meant !== undefined)
        problems.push(
          at([...(section ? [section] : []), key], `the key "${key}" does nothing`, `did you mean "${meant}"?`),
        );
    }
  }
  const warnings = service.owner === undefined ? [at([], `the service "${service.name}" has no owner`)] : [];
  return { problems, warnings };
}

function serviceOf(input: { readonly file: string; readonly blob: string; readonly document: Read }): Service {
  const { file, blob, document } = input;
  const { service } = document.value;
  const { compliance = {}, deployment = {}, monitoring = {}, dependencies = {} } = service;
  const lineOf = (path: readonly (string | number)[]): number => document.lineOf(['service', ...path]);
  const sourceAt = (path: readonly (string | number)[]): { file: string; line: number } => ({
    file,
    line: lineOf(path),
  });
  const internal = (dependencies.internal ?? []).map((entry) => (typeof entry === 'string' ? entry : entry.name));
  return {
    name: service.name,
    owner: service.owner,
    ...(service.repository === undefined
      ? {}
      : {
          code: {
            connection: service.repository,
            ...(service.path === undefined ? {} : { path: service.path.replace(/\/+$/, '') }),
            ...(service.version_tag === undefined ? {} : { versionTag: service.version_tag }),
          },
        }),
    document: {
      ...service,
      owner: service.owner ?? '',
      compliance,
      deployment: { regions: [], requires_dual_approval: false, blackout_windows: [], ...deployment },
      monitoring: { custom_metrics: [], ...monitoring },
      dependencies: { internal: [], external: [], ...dependencies },
    } as unknown as JsonObject,
    blackouts: (deployment.blackout_windows ?? []).map((window, index) => ({
      from: window.start,
      to: window.end,
      zone: window.timezone,
      reason: window.reason,
      except: window.except ?? [],
      source: sourceAt(['deployment', 'blackout_windows', index]),
    })),
    needsDualApproval: deployment.requires_dual_approval ?? false,
    regions: deployment.regions ?? [],
    compliance: complianceOf(compliance),
    internalDependencies: internal,
    approvalRules: service.approvals ?? [],
    file,
    blob,
    source: sourceAt([]),
    lineOf,
    columnOf: (path) => document.columnOf(['service', ...path]),
  };
}

const outsideWords = ['none', 'no', 'off', 'false', 'disabled', 'exempt', 'optional', 'not_applicable', 'not_required'];

/** Whether a service is under a regime: a word that nobody knows means yes. */
function applies(value: string | undefined): boolean {
  return value !== undefined && !outsideWords.includes(value.toLowerCase().replace(/[\s-]+/g, '_'));
}

function complianceOf(compliance: NonNullable<ServiceDocument['compliance']>): ServiceCompliance {
  const { encryption, access_log: log, pci_dss: pciDss } = compliance;
  return {
    sox: applies(compliance.sox),
    ...(applies(pciDss) && { pciDss }),
    gdpr: applies(compliance.gdpr),
    hipaa: applies(compliance.hipaa),
    ...(compliance.privacy_assessment && { assessedOn: compliance.privacy_assessment.date }),
    encryptedAtRest: encryption?.at_rest === true,
    encryptedInTransit: encryption?.in_transit === true,
    ...(log !== undefined && log !== false && { accessLog: log === true ? 'declared' : log }),
  };
}
