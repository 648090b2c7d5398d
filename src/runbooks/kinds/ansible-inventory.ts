import { z } from 'zod';
import { ansibleHosts } from '../ansible-hosts';
import type { StepKindSpec } from '../step-kind';

export const ansibleInventoryWith = z.strictObject({
  hosts: ansibleHosts.refine((hosts) => hosts.length > 0, 'has no host, and work on no host is no success'),
});

export type AnsibleInventoryWith = z.infer<typeof ansibleInventoryWith>;

export const ansibleInventory: StepKindSpec = {
  name: 'ansible/inventory',
  doc: 'Makes an inventory of a list of hosts, each a name or `name`, `address`, `port`, `user`, `groups` and `vars`, and keeps it by its hash: `inventory` for `ansible/playbook`, `names` and `count`. As a `resolve` step it is frozen into the plan. Values are data for Ansible, never templates.',
  with: ansibleInventoryWith,
  tells: ['inventory', 'names', 'count'],
  readOnly: () => true,
  repeat: () => 'safe',
  timeoutMs: 60_000,
};
