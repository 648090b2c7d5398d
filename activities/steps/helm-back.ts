import type { KubectlCluster } from '../../src/runbooks/kinds/kubectl';
import { helmFailure, rollbackOf, workedBefore, type HelmRevision, type HelmSession } from './helm-session';
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

/**
 * The revision that rollbacks on top of what a step made go back to, ended or not: those of an earlier attempt, which
 * helm gives no labels of their own, or somebody else's with the same end. Undefined when there is anything else.
 */
export async function begunRollback(
  helm: HelmSession,
  {
    release,
    history,
    key,
  }: { readonly release: string; readonly history: readonly HelmRevision[]; readonly key: string },
): Promise<number | undefined> {
  const made = history.findLast((revision) => rollbackOf(revision) === undefined);
  const back = made && workedBefore(history, made.revision)?.revision;
  if (made === undefined || back === undefined || made === history.at(-1)) return undefined;
  const above = history.filter(({ revision }) => revision > made.revision).map((revision) => rollbackOf(revision)!.to);
  if (!above.every((to) => to === back || to === 'unknown')) return undefined;
  return (await helm.isMadeBy(release, { revision: made.revision, key })) ? back : undefined;
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
