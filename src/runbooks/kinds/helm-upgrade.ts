import { z } from 'zod';
import type { StepKindSpec } from '../step-kind';
import { helmChart, helmRelease, helmValues } from './helm';
import { kubectlCluster } from './kubectl';

export const helmUpgradeWith = z.strictObject({
  ...kubectlCluster,
  release: helmRelease,
  chart: helmChart,
  values: helmValues.default({}),
  /** Whether the release is done only when what it has is ready. */
  wait: z.boolean().default(true),
  /** The chart is filled in and looked at with the cluster's eyes, and nothing is changed. */
  check: z.boolean().default(false),
});

export type HelmUpgradeWith = z.infer<typeof helmUpgradeWith>;

export const helmUpgrade: StepKindSpec = {
  name: 'helm/upgrade',
  doc: 'Installs or upgrades a release from a chart in a folder of the policy repository, with `values` instead of the ones of the chart, and waits until what it has is ready. The values of the revision before are not kept. Nothing is fetched: dependencies of the chart lie in its folder. A revision remembers which step made it: an attempt that was lost half-way is put back and done again, one that was done is not done twice, and somebody else’s that is under way is left alone. With `check: true` nothing is changed, so it may be a `resolve` step. Its undo is a `helm/rollback` of the same release. Expressions see `revision`, `status`, `notes` and `objects`, as in `Deployment/web`.',
  with: helmUpgradeWith,
  tells: ['revision', 'status', 'notes', 'objects'],
  literal: ['kubeconfig', 'context', 'chart', 'wait', 'check'],
  readOnly: (given) => given.check === true,
  check: 'As with `check: true`.',
  repeat: () => 'safe',
  timeoutMs: 15 * 60_000,
  folders: (given) => (given.chart === undefined ? [] : [String(given.chart)]),
};
