import type { AddCommand } from './command';
import { addPolicyCheck } from './policy-check';
import { addPolicyDiff } from './policy-diff';
import { addPolicyExplain } from './policy-explain';
import { addPolicyTest } from './policy-test';

export const addPolicy: AddCommand = (program, cli) => {
  const policy = program.command('policy').description('Check, test and ask the policy of a repository');
  addPolicyCheck(policy, cli);
  addPolicyTest(policy, cli);
  addPolicyExplain(policy, cli);
  addPolicyDiff(policy, cli);
};
