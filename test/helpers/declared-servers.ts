import type { ServerGroup } from '../../src/infrastructure/read';
import type { ResourceState } from '../../src/resources/resource';

/** Two servers called web, as files declare them. */
export const group = (overrides: Partial<ServerGroup> = {}): ServerGroup => ({
  name: 'web',
  count: 2,
  type: 'cx22',
  region: 'fsn1',
  data: false,
  file: 'infrastructure/servers.yaml',
  ...overrides,
});

/** A live server of the group that its name says. */
export function server(name: string, overrides: Partial<ResourceState> = {}, declared = {}): ResourceState {
  const of = name.replace(/-\d+$/, '');
  return {
    format: 1,
    kind: 'server',
    name,
    runbook: 'create-server',
    owner: { kind: 'person', id: 'U0ANA' },
    inputs: {},
    data: 'kept',
    destroy: { how: 'runbook', runbook: 'remove-server' },
    teardown: 'hash',
    policyCommit: 'c'.repeat(40),
    status: 'live',
    operation: 'infrastructure-1',
    begunAt: '2026-11-21T08:00:00.000Z',
    outputs: {},
    declared: { group: of, type: 'cx22', region: 'fsn1', commit: 'd'.repeat(40), ...declared },
    ...overrides,
  };
}
