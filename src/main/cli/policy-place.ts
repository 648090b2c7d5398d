import type { Command } from 'commander';

/** The options that say which policy is meant. */
export function withPlace(command: Command): Command {
  return command
    .option('--repo <path or URL>', 'Git repository of the policy; POLICY_REPO when absent')
    .option('--ref <ref>', 'branch, tag or whole commit id; the checked-out branch, or POLICY_REF, when absent')
    .option('--dir <folder>', 'a folder as it lies there, committed or not');
}
