import { z } from 'zod';

/** A host as an inventory names it; nothing in it can be an option of ssh, a pattern or a template. */
const hostName = z
  .string()
  .max(253)
  .regex(/^[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?$/, 'has to be a plain name of a host');
const address = z
  .string()
  .max(253)
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9.:_-]*[A-Za-z0-9])?$|^::1$/, 'has to be a host name or an IP address');
const group = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, 'has to be a plain name of a group');
const user = z.string().regex(/^[A-Za-z_][A-Za-z0-9._-]{0,62}$/, 'has to be a plain name of a user');

/** Variables as data: their names are plain, and none of them changes how Ansible itself works. */
export const ansibleVars = z
  .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'has to be a plain name of a variable'), z.json())
  .refine(
    (vars) => !Object.keys(vars).some((name) => /^(?:ansible_|hostvars$|groups$|group_names$|inventory_)/i.test(name)),
    'names a variable that steers Ansible itself; use the keys of the step for that',
  );

export const ansibleHost = z.strictObject({
  name: hostName,
  address: address.optional(),
  port: z.int().min(1).max(65_535).optional(),
  user: user.optional(),
  groups: z.array(group).optional(),
  vars: ansibleVars.optional(),
});

export type AnsibleHost = z.infer<typeof ansibleHost>;

/** Hosts, each with a name of its own; a name alone stands for a host that is reached by it. */
export const ansibleHosts = z
  .array(z.union([hostName.transform((name): AnsibleHost => ({ name })), ansibleHost]))
  .refine((hosts) => new Set(hosts.map(({ name }) => name)).size === hosts.length, 'names a host twice');

export const ansibleHostNames = z.array(hostName);
export const ansibleUser = user;
