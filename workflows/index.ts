export { holds } from './holds';
export { incident } from './incident';
export { lane } from './lane';
export { operation } from './operation';
export { policyWatch } from './policy-watch';
export { requestApproval } from './request-approval';
export { review } from './review';
export { run } from './run';
