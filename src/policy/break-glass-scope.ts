import { listed } from './context';
import type { Policy } from './policy';
import type { PolicyRequest } from './request';

/** Whether break-glass is meant for this work at all, whoever asks. What names no service is in no list of services. */
export function isBreakGlassFor({ file }: Pick<Policy, 'file'>, request: PolicyRequest): boolean {
  const { environments, services, kinds } = file.break_glass?.for ?? {};
  return (
    (environments?.includes(request.environment ?? '') ?? true) &&
    (services?.includes(request.service ?? '') ?? true) &&
    (kinds?.includes(request.kind) ?? true)
  );
}

/** `deploy or runbook of shop in production` */
export function breakGlassScopeWords({ file }: Pick<Policy, 'file'>): string {
  const { environments, services, kinds } = file.break_glass?.for ?? {};
  return [
    kinds ? listed(kinds, 'or') : 'work',
    ...(services ? [`of ${listed(services, 'or')}`] : []),
    ...(environments ? [`in ${listed(environments, 'or')}`] : []),
  ].join(' ');
}
