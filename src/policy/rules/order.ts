import { formatDuration } from '../../runbooks/duration';
import { instantWords, type Context, type Rule } from '../context';
import type { OrderGate } from '../verdict';

/** The same version has to have succeeded elsewhere first, long enough ago. What was rolled back does not count. */
export const order: Rule = (context) => {
  const { request, environment, isBreakGlass } = context;
  if (request.kind !== 'deploy' || !environment?.after || isBreakGlass) return {};
  if (request.service === undefined || request.version === undefined) return {};
  return { gates: environment.after.map((before) => gate(context, before)) };
};

function gate({ request, environment, world, now, policy }: Context, before: string): OrderGate {
  const what = `${request.service} ${request.version}`;
  const base = { kind: 'order' as const, rule: `after ${before}`, source: environment!.source };
  if (world.history === undefined)
    return {
      ...base,
      holds: false,
      message: `Nobody can tell now whether ${what} has succeeded in ${before}, because the ledger cannot be read; it is asked again by itself.`,
    };
  const entries = world.history.filter(
    (entry) => entry.service === request.service && entry.environment === before && entry.version === request.version,
  );
  const standing = entries.filter((entry) => entry.rolledBackAt === undefined);
  if (standing.length === 0) {
    const why = entries.length > 0 ? `was rolled back in ${before}` : `has not succeeded in ${before} yet`;
    return {
      ...base,
      holds: false,
      message: `${what} ${why}, and ${environment!.name} comes after ${before}; deploy it there first and this goes on by itself.`,
    };
  }
  const first = Math.min(...standing.map((entry) => Date.parse(entry.succeededAt)));
  const ready = new Date(first + environment!.soakMs);
  if (now.getTime() >= ready.getTime())
    return {
      ...base,
      holds: true,
      message: `${what} has succeeded in ${before}, which comes before ${environment!.name}.`,
    };
  return {
    ...base,
    holds: false,
    opensAt: ready.toISOString(),
    message: `${what} succeeded in ${before} but has to stand there for ${formatDuration(environment!.soakMs)}, until ${instantWords(ready, policy.timezone)}; this goes on by itself then.`,
  };
}
