import { z } from 'zod';
import type { StepKindSpec } from '../step-kind';
import { kubectlCluster, kubectlName } from './kubectl';

export const kubectlRolloutWith = z.strictObject({
  ...kubectlCluster,
  type: z.enum(['deployment', 'statefulset', 'daemonset']).default('deployment'),
  name: kubectlName,
});

export type KubectlRolloutWith = z.infer<typeof kubectlRolloutWith>;

export const kubectlRollout: StepKindSpec = {
  name: 'kubectl/rollout',
  doc: 'Waits until a Deployment, StatefulSet or DaemonSet has rolled out, at most as long as one attempt may take. A rollout that made no progress within its own deadline fails at once, and with another sentence than one that only takes longer. Expressions see `replicas`, `updated` and `ready`.',
  with: kubectlRolloutWith,
  tells: ['replicas', 'updated', 'ready'],
  literal: ['kubeconfig', 'context', 'type'],
  readOnly: () => true,
  waits: true,
  repeat: () => 'safe',
  timeoutMs: 15 * 60_000,
};
