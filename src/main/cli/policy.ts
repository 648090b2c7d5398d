import type { Command } from 'commander';
import type { AddCommand } from './command';
import { addPolicyCheck } from './policy-check';
import { addPolicyExplain } from './policy-explain';
import { addPolicyTest } from './policy-test';

export const addPolicy: AddCommand = (program, cli) => {
  const policy = program.command('policy').description('Check, test and ask the policy of a repository');
  addPolicyCheck(policy, cli);
  addPolicyTest(policy, cli);
  addPolicyExplain(policy, cli);
};

/** The options that say which policy is meant. */
export function withPlace(command: Command): Command {
  return command
    .option('--repo <path or URL>', 'Git repository of the policy; POLICY_REPO when absent')
    .option('--ref <ref>', 'branch, tag or whole commit id; the checked-out branch, or POLICY_REF, when absent')
    .option('--dir <folder>', 'a folder as it lies there, committed or not');
}
