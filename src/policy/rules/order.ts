import { maxHistory } from '../../ledger/state';
import { formatDuration } from '../../runbooks/duration';
import { instantWords, type Context, type Rule } from '../context';
import type { OrderGate } from '../verdict';

/**
 * The same version has to have succeeded elsewhere first, long enough ago. What was rolled back does not count, anywhere
 * along the chain, and neither does a link that was skipped.
 */
export const order: Rule = (context) => {
  const { request, environment, isBreakGlass } = context;
  if (request.kind !== 'deploy' || !environment?.after || isBreakGlass) return {};
  if (request.service === undefined) return {};
  if (request.version === undefined) return { gates: environment.after.map((before) => unnamed(context, before)) };
  const direct = environment.after.map((before) => gate(context, before));
  return { gates: [...direct, ...furtherLinks(context)] };
};

/**
 * Links further back that the version skipped on its way, or was rolled back in and does not stand again. Where it has
 * not come to yet it skipped nothing: that link asks for those before it itself.
 */
function furtherLinks(context: Context): readonly OrderGate[] {
  const { policy, environment, world } = context;
  if (world.history === undefined) return [];
  const direct = environment!.after ?? [];
  const seen = new Set(direct);
  const links: OrderGate[] = [];
  const queue = [...direct];
  while (queue.length > 0) {
    const name = queue.shift()!;
    for (const before of policy.environments.get(name)?.after ?? []) {
      const link = furtherLink(context, before, name);
      if (link) links.push(link);
      if (seen.has(before)) continue;
      seen.add(before);
      queue.push(before);
    }
  }
  return links.filter(({ rule }, at) => links.findIndex((link) => link.rule === rule) === at);
}

function furtherLink(context: Context, before: string, next: string): OrderGate | undefined {
  if (standingIn(context, before).length > 0) return undefined;
  if (entriesIn(context, before).length > 0) return missing(context, before, next);
  const hasPassed = standingIn(context, next).length > 0 || isForgotten(context, next);
  if (!hasPassed) return undefined;
  return isForgotten(context, before) ? forgotten(context, before, next) : missing(context, before, next);
}

/** Nobody can tell whether it was there: the ledger keeps the newest versions only, and the first links see many. */
function isForgotten(context: Context, place: string): boolean {
  const { request, world } = context;
  const kept = (world.history ?? []).filter(
    ({ service, environment }) => service === request.service && environment === place,
  );
  return kept.length >= maxHistory && kept.every(({ version }) => version !== request.version);
}

function entriesIn({ request, world }: Context, place: string): NonNullable<Context['world']['history']> {
  const { service, version } = request;
  return (world.history ?? []).filter(
    (entry) => entry.service === service && entry.environment === place && entry.version === version,
  );
}

function standingIn(context: Context, place: string): ReturnType<typeof entriesIn> {
  return entriesIn(context, place).filter(({ rolledBackAt }) => rolledBackAt === undefined);
}

function missing(context: Context, before: string, next: string): OrderGate {
  const { request, environment } = context;
  const what = `${request.service} ${request.version}`;
  const why =
    entriesIn(context, before).length > 0
      ? `was rolled back in ${before}`
      : isForgotten(context, before)
        ? `is not among the newest ${maxHistory} versions that the ledger keeps of ${before}`
        : `has not succeeded in ${before} yet`;
  return {
    kind: 'order',
    rule: `after ${before}`,
    source: environment!.source,
    holds: false,
    message: `${what} ${why}, and ${next} comes after ${before}; deploy it there first and this goes on by itself.`,
  };
}

function forgotten(context: Context, before: string, next: string): OrderGate {
  const { request, environment } = context;
  return {
    kind: 'order',
    rule: `after ${before}`,
    source: environment!.source,
    holds: true,
    message: `Nobody can tell any more whether ${request.service} ${request.version} has succeeded in ${before}, because the ledger keeps the newest ${maxHistory} versions of an environment; it counts, because ${next} comes after ${before} and it has been there.`,
  };
}

/** Without a version there is nothing that can have succeeded anywhere. */
function unnamed({ request, environment }: Context, before: string): OrderGate {
  return {
    kind: 'order',
    rule: `after ${before}`,
    source: environment!.source,
    holds: false,
    message: `The request names no version of ${request.service}, so nobody can tell whether it has succeeded in ${before}, and ${environment!.name} comes after ${before}; ask again with the version.`,
  };
}

function gate(context: Context, before: string): OrderGate {
  const { request, environment, world, now, policy } = context;
  const what = `${request.service} ${request.version}`;
  const base = { kind: 'order' as const, rule: `after ${before}`, source: environment!.source };
  if (world.history === undefined)
    return {
      ...base,
      holds: false,
      message: `Nobody can tell now whether ${what} has succeeded in ${before}, because the ledger cannot be read; it is asked again by itself.`,
    };
  const standing = standingIn(context, before);
  if (standing.length === 0) return missing(context, before, environment!.name);
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
