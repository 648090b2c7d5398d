import type { KubectlCluster } from '../../src/runbooks/kinds/kubectl';
import { helmFailure, type HelmSession } from './helm-session';
import { ownLimit } from './kubectl-session';
import type { StepContext } from './step-kind';

type Context = StepContext<KubectlCluster & { readonly release: string }>;

/** Makes a release what it was at an earlier revision, as a revision of its own. */
export async function goBack(
  context: Context,
  helm: HelmSession,
  { revision, wait }: { readonly revision: number; readonly wait: boolean },
): Promise<void> {
  const { release } = context.given;
  const args = helm.args('rollback').option('--timeout', `${ownLimit(context.step.timeoutMs)}s`);
  if (wait) args.switch('--wait');
  const end = await helm.run(args.value(release).value(String(revision)));
  if (end.code !== 0) throw helmFailure(`${release} could not be rolled back to revision ${revision}`, end);
}

/** Takes a release away with everything that it has, and is content when it is gone already. */
export async function takeAway(context: Context, helm: HelmSession): Promise<void> {
  const { release } = context.given;
  const args = helm
    .args('uninstall', '--ignore-not-found', '--wait')
    .option('--timeout', `${ownLimit(context.step.timeoutMs)}s`);
  const end = await helm.run(args.value(release));
  if (end.code !== 0) throw helmFailure(`${release} could not be taken away`, end);
}
