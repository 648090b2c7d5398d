import { z } from 'zod';
import type { StepKindSpec } from '../step-kind';
import { helmRelease } from './helm';
import { kubectlCluster } from './kubectl';

export const helmRollbackWith = z.strictObject({
  ...kubectlCluster,
  release: helmRelease,
  /** 0 is that there is no release. */
  revision: z.int().min(0).max(1_000_000).optional(),
  /** Whether it is done only when what the release has is ready. */
  wait: z.boolean().default(true),
});

export type HelmRollbackWith = z.infer<typeof helmRollbackWith>;

export const helmRollback: StepKindSpec = {
  name: 'helm/rollback',
  doc: 'Makes a release what it was at an earlier `revision`; 0 takes the release away. As the undo of a `helm/upgrade` it needs no `revision`: it goes back to the one before what that step made, or takes the release away where there was none; what the step did not make, or what somebody else has changed since, is left alone. Elsewhere, without a `revision`, it is the newest one before the present one that worked. Expressions see `revision` and `status` of what there is now.',
  with: helmRollbackWith,
  tells: ['revision', 'status'],
  literal: ['kubeconfig', 'context', 'wait'],
  readOnly: () => false,
  check: 'It says between which revisions it would go.',
  repeat: () => 'safe',
  timeoutMs: 15 * 60_000,
};
