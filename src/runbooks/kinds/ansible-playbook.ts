import { z } from 'zod';
import { secretReference } from '../../connections/schema';
import { text } from '../../documents/text';
import { ansibleHostNames, ansibleHosts, ansibleUser, ansibleVars } from '../ansible-hosts';
import { fileRefSchema } from '../file-ref';
import type { StepKindSpec } from '../step-kind';

export const ansiblePlaybookWith = z
  .strictObject({
    playbook: z
      .string()
      .regex(
        /^[A-Za-z0-9_][A-Za-z0-9._/-]*\/[A-Za-z0-9_][A-Za-z0-9._-]*\.ya?ml$/,
        'has to be a file in a folder, such as playbooks/site.yml',
      ),
    hosts: ansibleHosts.optional(),
    inventory: fileRefSchema.optional(),
    vars: ansibleVars.optional(),
    limit: ansibleHostNames.optional(),
    tags: z.array(z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$/, 'has to be a plain tag')).optional(),
    check: z.boolean().default(false),
    connection: z.enum(['ssh', 'local']).default('ssh'),
    user: ansibleUser.optional(),
    /** Private key for ssh, by reference. */
    key: secretReference.optional(),
    /** Host keys that are believed, as in a file of known hosts; those of the runner's user when absent. */
    known_hosts: text().optional(),
    /** Python on the hosts. */
    python: z
      .string()
      .regex(/^\/[A-Za-z0-9._/-]+$/, 'has to be an absolute path')
      .optional(),
    forks: z.int().min(1).max(200).default(10),
  })
  .refine(
    (given) => (given.hosts === undefined) !== (given.inventory === undefined),
    'needs either hosts or inventory',
  );

export type AnsiblePlaybookWith = z.infer<typeof ansiblePlaybookWith>;

/** The folder that a playbook lies in: its roles, files and variables are found from there. */
export function folderOf(playbook: string): string {
  return playbook.slice(0, Math.max(0, playbook.lastIndexOf('/')));
}

export const ansiblePlaybook: StepKindSpec = {
  name: 'ansible/playbook',
  doc: 'Runs a playbook of the policy repository, with everything in its folder, on `hosts` or on the `inventory` of an earlier step. What came of it is decided by host: `ok`, `changed`, `failed` and `unreachable` are lists of names, and `facts` is what the playbook gave to set_stats. One host that failed or was not reached fails the step, and another attempt goes on with the hosts that are not done; that attempt and `limit` still see the whole inventory, with its groups and variables. `check: true` is a dry run with differences. `vars` and variables of hosts are data, never templates.',
  with: ansiblePlaybookWith,
  tells: ['ok', 'changed', 'failed', 'unreachable', 'facts'],
  literal: ['playbook', 'check', 'connection', 'key', 'known_hosts', 'python'],
  readOnly: (given) => given.check === true,
  check:
    'The playbook runs with `--check` and `--diff` on its hosts; a task with `check_mode: false` is done all the same.',
  repeat: () => 'safe',
  timeoutMs: 3_600_000,
  folders: (given) => [folderOf(String(given.playbook ?? ''))].filter((folder) => folder !== ''),
};
