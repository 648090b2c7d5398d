import { nearest } from '../documents/nearest';
import { readDocument, type DocumentResult, type Problem } from '../documents/read-yaml';
import type { JsonObject } from '../json';
import { isDay } from './calendar';
import type { PolicyFileText, Service } from './policy';
import { serviceSchema, type ServiceDocument } from './schema';

type Read = Extract<DocumentResult<{ service: ServiceDocument }>, { ok: true }>;

/** Reads every service definition of a commit: `configs/services/<name>.yaml` or `services/<name>.yaml`. */
export function readServices(files: ReadonlyMap<string, PolicyFileText>): {
  readonly services: ReadonlyMap<string, Service>;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
} {
  const services = new Map<string, Service>();
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  for (const [file, { text, blob }] of files) {
    const place = /^(?:configs\/)?services\/([^/]+)\.ya?ml$/.exec(file);
    if (!place) continue;
    const document = readDocument<{ service: ServiceDocument }>({ file, text, schema: serviceSchema });
    if (!document.ok) {
      problems.push(...document.problems);
      continue;
    }
    const { service } = document.value;
    const found = meaningOf({ file, document, stem: place[1]!, others: services });
    problems.push(...found.problems);
    warnings.push(...found.warnings);
    services.set(service.name, serviceOf({ file, blob, document }));
  }
  return { services, problems, warnings };
}

// Keys that act. In an open format a slip in one of them would be taken for a key of the organisation's own.
const acting: ReadonlyMap<string, readonly string[]> = new Map([
  ['', ['compliance', 'deployment', 'monitoring', 'dependencies', 'repository']],
  ['deployment', ['requires_dual_approval', 'blackout_windows']],
  ['monitoring', ['custom_metrics']],
  ['dependencies', ['internal', 'external']],
]);

function meaningOf(input: {
  readonly file: string;
  readonly document: Read;
  readonly stem: string;
  readonly others: ReadonlyMap<string, Service>;
}): { readonly problems: readonly Problem[]; readonly warnings: readonly Problem[] } {
  const { file, document, stem, others } = input;
  const { service } = document.value;
  const problems: Problem[] = [];
  const at = (path: readonly (string | number)[], message: string, hint?: string): Problem => {
    const line = document.lineOf(['service', ...path]);
    return { file, line, column: 1, key: ['service', ...path].join('.'), message, ...(hint ? { hint } : {}) };
  };
  if (service.name !== stem)
    problems.push(at(['name'], `the service is called "${service.name}" and its file "${stem}"`, 'give both one name'));
  const other = others.get(service.name);
  if (other) problems.push(at(['name'], `the service "${service.name}" is defined in ${other.file} already`));
  for (const [index, window] of (service.deployment?.blackout_windows ?? []).entries()) {
    const path = ['deployment', 'blackout_windows', index];
    for (const edge of ['start', 'end'] as const) {
      if (!isDay(window[edge])) problems.push(at([...path, edge], `${window[edge]} is not a day of the calendar`));
    }
    if (window.end < window.start) problems.push(at([...path, 'end'], 'the blackout ends before it starts'));
  }
  for (const [section, keys] of acting) {
    const map = section === '' ? service : service[section];
    for (const key of typeof map === 'object' && map !== null ? Object.keys(map) : []) {
      const meant = keys.includes(key) ? undefined : nearest(key, keys);
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
  const dualBecause = deployment.requires_dual_approval
    ? 'requires_dual_approval'
    : compliance.sox === 'required'
      ? 'sox: required'
      : undefined;
  const internal = (dependencies.internal ?? []).map((entry) => (typeof entry === 'string' ? entry : entry.name));
  return {
    name: service.name,
    owner: service.owner,
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
      reason: window.reason,
      source: sourceAt(['deployment', 'blackout_windows', index]),
    })),
    needsDualApproval: dualBecause !== undefined,
    dualApprovalBecause: dualBecause,
    needsReason: compliance.sox === 'required',
    needsKnownAuthors: compliance.pci_dss !== undefined && compliance.pci_dss !== 'none',
    internalDependencies: internal,
    file,
    blob,
    source: sourceAt([]),
    lineOf,
  };
}
