import { z } from 'zod';
import type { StepKindSpec } from '../step-kind';
import { kubectlCluster, kubectlFolder, kubectlFoldersOf, kubectlValues } from './kubectl';

export const kubectlApplyWith = z.strictObject({
  ...kubectlCluster,
  folder: kubectlFolder,
  values: kubectlValues.default({}),
  /** The API server checks everything and changes nothing. */
  check: z.boolean().default(false),
  /** Takes over fields that somebody else manages. */
  force_conflicts: z.boolean().default(false),
});

export type KubectlApplyWith = z.infer<typeof kubectlApplyWith>;

export const kubectlApply: StepKindSpec = {
  name: 'kubectl/apply',
  doc: 'Applies the manifests of a folder of the policy repository to a Kubernetes cluster, server-side and as the field manager `signalbox`. `values` stand for `${NAME}` in texts of the manifests: a text that is nothing else gets the value with its type, and no value changes the structure. With `check: true` the API server checks everything and nothing is changed, so it may be a `resolve` step. Nothing is pruned. Expressions see `objects`, as in `deployment.apps/web`.',
  with: kubectlApplyWith,
  tells: ['objects'],
  literal: ['kubeconfig', 'context', 'folder', 'check', 'force_conflicts'],
  readOnly: (given) => given.check === true,
  check: 'As with `check: true`.',
  repeat: () => 'safe',
  timeoutMs: 5 * 60_000,
  folders: kubectlFoldersOf,
};
