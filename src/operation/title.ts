import type { OperationRequest } from './request';

/** What somebody asked for, in a few words: before policy has said which version is meant, and without its plan. */
export function askedTitle(request: OperationRequest): string {
  const { kind, service, environment, version, runbook, inputs, check } = request;
  const there = environment === undefined ? '' : ` ${kind === 'deploy' ? 'to' : 'in'} ${environment}`;
  const given = Object.entries(inputs).map(([name, value]) => `${name}=${wordOf(value)}`);
  const behind = given.length === 0 ? '' : ` (${given.join(', ')})`;
  const leased = request.lease === undefined ? '' : ` for ${request.lease}`;
  switch (kind) {
    case 'deploy':
      return `Deploy ${service} ${version}${there}`;
    case 'rollback':
      return `Roll back ${service}${there}${version === undefined ? '' : ` to ${version}`}`;
    case 'policy':
      return `Change the policy to ${version?.slice(0, 10)}`;
    case 'destroy':
      return `Destroy the ${request.resource?.kind} ${request.resource?.name}${there}`;
    case 'infrastructure':
      return `Bring about the declared servers${groupWords(request)}${there}`;
    case 'provision':
      return `${check ? 'Check provisioning' : 'Provision'} ${runbook}${there}${behind}${leased}`;
    case 'runbook':
      return `${check ? 'Check' : 'Run'} ${runbook}${there}${behind}`;
  }
}

function groupWords({ infrastructure }: OperationRequest): string {
  return infrastructure?.group === undefined ? '' : ` of the group ${infrastructure.group}`;
}

function wordOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The same as the subject of a sentence: `The deploy of checkout in production`, `The runbook restart`. */
export function askedSubject(request: OperationRequest): string {
  const { kind, service, environment, runbook, check, resource } = request;
  if (kind === 'policy') return 'The change of the policy';
  if (kind === 'destroy') return `The end of the ${resource?.kind} ${resource?.name}`;
  if (kind === 'infrastructure')
    return `The change of the servers${groupWords(request)}${environment === undefined ? '' : ` in ${environment}`}`;
  const isOfRunbook = kind === 'runbook' || kind === 'provision';
  const what = isOfRunbook ? `The ${check ? 'check of the ' : ''}runbook ${runbook}` : `The ${kind} of ${service}`;
  return environment === undefined ? what : `${what} in ${environment}`;
}
