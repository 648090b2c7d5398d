import { formatDuration } from '../../runbooks/duration';
import { instantWords, type Context, type Rule } from '../context';
import type { OrderGate } from '../verdict';

/**
 * The same version has to have succeeded elsewhere first, long enough ago. What was rolled back does not count, anywhere
 * along the chain: each link was asked for when the version went through it, and is void if it fell there since.
 */
export const order: Rule = (context) => {
  const { request, environment, isBreakGlass } = context;
  if (request.kind !== 'deploy' || !environment?.after || isBreakGlass) return {};
  if (request.service === undefined || request.version === undefined) return {};
  const direct = environment.after.map((before) => gate(context, before));
  return { gates: [...direct, ...fallenLinks(context)] };
};

/**
 * Environments further back in the chain in which the version was rolled back and does not stand again. That it is not
 * known there says nothing: the ledger keeps the newest versions only, and the first links see many.
 */
function fallenLinks(context: Context): readonly OrderGate[] {
  const { policy, environment } = context;
  const direct = environment!.after ?? [];
  const seen = new Set(direct);
  const links: OrderGate[] = [];
  const queue = [...direct];
  while (queue.length > 0) {
    const name = queue.shift()!;
    for (const before of policy.environments.get(name)?.after ?? []) {
      if (seen.has(before)) continue;
      seen.add(before);
      queue.push(before);
      const hasFallen = entriesIn(context, before).length > 0 && standingIn(context, before).length === 0;
      if (hasFallen) links.push(missing(context, before, name));
    }
  }
  return links;
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
    entriesIn(context, before).length > 0 ? `was rolled back in ${before}` : `has not succeeded in ${before} yet`;
  return {
    kind: 'order',
    rule: `after ${before}`,
    source: environment!.source,
    holds: false,
    message: `${what} ${why}, and ${next} comes after ${before}; deploy it there first and this goes on by itself.`,
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
