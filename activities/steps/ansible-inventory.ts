import { canonical } from '../../src/canonical';
import type { JsonObject } from '../../src/json';
import { ansibleInventory, type AnsibleInventoryWith } from '../../src/runbooks/kinds/ansible-inventory';
import { stepKind } from './step-kind';

export const runAnsibleInventory = stepKind<AnsibleInventoryWith>(ansibleInventory, async ({ given, keepFile }) => {
  const inventory = await keepFile(Buffer.from(canonical({ hosts: given.hosts })), 'inventory.json');
  const names = given.hosts.map(({ name }) => name);
  const tells: JsonObject = { inventory, names, count: names.length };
  return { tells, summary: names.length === 1 ? `1 host: ${names[0]}` : `${names.length} hosts` };
});
