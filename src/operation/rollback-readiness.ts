import type { Case } from './case';
import type { PlanOutline } from './plan';
import type { OperationView } from './view';

/** A way back for the time after this has succeeded, so it never is the version that is being deployed. */
export function rollbackReadiness(
  { request, applied }: Pick<Case, 'request' | 'applied'>,
  { irreversible }: PlanOutline,
): OperationView['rollback'] {
  if (request.kind !== 'deploy') return { ready: irreversible.length === 0 };
  const current = applied?.current?.version;
  if (current === undefined)
    return { ready: false, why: 'No version ran here before, so there is nothing to go back to.' };
  const good = applied!.history.filter(({ rolledBackAt }) => rolledBackAt === undefined).map((entry) => entry.version);
  // What runs here but never succeeded can be undone to, and is no target of a rollback while there is a better one.
  const ways = good.includes(current) ? [current, ...good] : [...good, current];
  const version = ways.find((way) => way !== request.version);
  if (version !== undefined) return { ready: true, version };
  return {
    ready: false,
    why: `${current} already runs here, and no other version has succeeded here that one could go back to.`,
  };
}
