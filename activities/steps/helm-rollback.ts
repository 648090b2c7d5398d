import { helmRollback, type HelmRollbackWith } from '../../src/runbooks/kinds/helm-rollback';
import { goBack, takeAway } from './helm-back';
import { helmKey, leaveOthersAlone, openHelm, workedBefore, type HelmRevision, type HelmSession } from './helm-session';
import { StepFailed, type StepAnswer } from './outcomes';
import { stepKind, type StepContext } from './step-kind';

const undoSuffix = '/undo';

type Target = { readonly to: number } | { readonly rest: string };

export const runHelmRollback = stepKind<HelmRollbackWith>(helmRollback, async (context) => {
  const { release, wait } = context.given;
  const helm = await openHelm(context);
  const history = await helm.history(release);
  const target = await targetOf(context, helm, history);
  const newest = history.at(-1);
  if ('rest' in target) return answer(newest, target.rest);
  if (target.to === 0) {
    await takeAway(context, helm);
    return answer(undefined, newest === undefined ? 'nothing was there' : 'taken away');
  }
  const isThere = newest?.revision === target.to || newest?.description === `Rollback to ${target.to}`;
  if (newest && isThere && newest.status === 'deployed') return answer(newest, `was at revision ${target.to} already`);
  await goBack(context, helm, { revision: target.to, wait });
  return answer((await helm.history(release)).at(-1), `back to revision ${target.to}`);
});

async function targetOf(
  context: StepContext<HelmRollbackWith>,
  helm: HelmSession,
  history: readonly HelmRevision[],
): Promise<Target> {
  const { release, revision } = context.given;
  const begun = context.checkpoint();
  if (typeof begun === 'number') return { to: begun };
  const newest = history.at(-1);
  const isUndo = context.idempotencyKey.endsWith(undoSuffix) && revision === undefined;
  const target = isUndo
    ? await beforeStep(context, helm, history)
    : { to: revision ?? (newest && workedBefore(history, newest.revision)?.revision) };
  if ('rest' in target) return target;
  if (target.to === undefined)
    throw new StepFailed(`${release} has no revision before the present one that worked, so it cannot go back.`);
  // Not of this operation, so nothing of it is buried under this.
  if (!isUndo && newest) leaveOthersAlone(release, newest);
  await context.saveCheckpoint(target.to);
  return { to: target.to };
}

/** What there was before the `helm/upgrade` whose undo this is. */
async function beforeStep(
  context: StepContext<HelmRollbackWith>,
  helm: HelmSession,
  history: readonly HelmRevision[],
): Promise<Target | { readonly to: undefined }> {
  const { release } = context.given;
  const newest = history.at(-1);
  if (!newest) return { rest: 'nothing was there to be put back' };
  const key = helmKey(context.idempotencyKey.slice(0, -undoSuffix.length));
  if (await helm.isNewest(release, { key, after: newest.revision - 1 })) {
    if (await helm.isNewest(release, { key, isFirst: true })) return { to: 0 };
    return { to: workedBefore(history, newest.revision)?.revision };
  }
  leaveOthersAlone(release, newest);
  const [made] = await helm.replaced(release, key);
  if (made === undefined) return { rest: 'nothing was made that could be put back' };
  const back = workedBefore(history, made)?.revision;
  if (back !== undefined && newest.description === `Rollback to ${back}`) return { to: back };
  throw new StepFailed(
    `${release} was changed by somebody else after this operation (revision ${newest.revision} is ${newest.status}), so it was left alone; whoever looks after it decides what it should be.`,
  );
}

function answer(newest: HelmRevision | undefined, summary: string): StepAnswer {
  return { tells: { revision: newest?.revision ?? 0, status: newest?.status ?? 'absent' }, summary };
}
