import { createInfrastructureSource } from '../../activities/worker/infrastructure-source';
import type { BotDeps } from '../../bot/deps';
import { commitsMadeBy } from '../infrastructure/declared';
import type { ServerGroup } from '../infrastructure/read';
import type { ResourceState } from '../resources/resource';
import { stuckServers } from '../operation/work';
import type { PolicyAccess } from './stores';

/** How long a look waits for the newest commit; the one that is there already serves as well. */
const freshMs = 800;

/** Which servers are declared, for people who look; whoever carries it out looks again. */
export function infrastructureReader({
  policy,
  ledger,
  ref,
}: {
  readonly policy: Pick<PolicyAccess, 'source' | 'repository'>;
  readonly ledger: { resources(age: { readonly maxAgeMs: number }): Promise<readonly ResourceState[]> };
  readonly ref: string;
}): NonNullable<BotDeps['infrastructure']> {
  const declared = createInfrastructureSource({ mirror: policy.repository, ref });
  return async (asked) => {
    const { environment } = asked;
    const waiting = new Promise<void>((resolve) => setTimeout(resolve, freshMs).unref());
    await Promise.race([policy.source.refresh(), waiting]);
    const [{ repository }, resources] = await Promise.all([
      policy.source.current(),
      ledger.resources({ maxAgeMs: 2_000 }),
    ]);
    const { environments } = repository.policy;
    if (environment !== undefined && !environments.has(environment)) {
      const known = [...environments.keys()].slice(0, 12).join(', ');
      const because = `Policy knows no environment ${environment}; there are: ${known || 'none'}.`;
      return { resources, declared: { kind: 'unreadable', because } };
    }
    const since = (groups: readonly ServerGroup[]) => commitsMadeBy(asked, { groups, resources });
    const branch = environments.get(environment ?? '')?.branch;
    const infrastructure = { resources, declared: await declared.read({ ...(branch && { branch }), since }) };
    const request = { kind: 'infrastructure', ...asked } as const;
    return { ...infrastructure, stuck: stuckServers({ request, repository, infrastructure }) };
  };
}
