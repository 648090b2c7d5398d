import { helmRollback, type HelmRollbackWith } from '../../src/runbooks/kinds/helm-rollback';
import { begunRollback, goBack, takeAway } from './helm-back';
import {
  helmKey,
  leaveOthersAlone,
  openHelm,
  rollbackOf,
  workedBefore,
  type HelmRevision,
  type HelmSession,
} from './helm-session';
import { StepFailed, type StepAnswer } from './outcomes';
import { stepKind, type StepContext } from './step-kind';

const undoSuffix = '/undo';

type Target = { readonly to: number } | { readonly rest: string };

export const runHelmRollback = stepKind<HelmRollbackWith>(helmRollback, run, check);

async function run(context: StepContext<HelmRollbackWith>): Promise<StepAnswer> {
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
}

async function check(context: StepContext<HelmRollbackWith>): Promise<StepAnswer> {
  const { release, revision } = context.given;
  const helm = await openHelm(context);
  const history = await helm.history(release);
  const newest = history.at(-1);
  const to = elsewhere(context.given, history);
  if (newest) leaveOthersAlone(release, newest);
  if (newest === undefined) {
    if (revision === 0) return answer(newest, 'nothing is there');
    throw new StepFailed(`There is no release ${release}, so it cannot go back.`);
  }
  if (to === 0) return answer(newest, `would take ${release} away, which is at revision ${newest.revision}`);
  if (!history.some((known) => known.revision === to))
    throw new StepFailed(`${release} has no revision ${to}, so it cannot go back to it.`);
  return answer(newest, `would go from revision ${newest.revision} back to ${to}`);
}

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
  const target = isUndo ? await beforeStep(context, helm, history) : { to: elsewhere(context.given, history) };
  if ('rest' in target) return target;
  if (target.to === undefined) throw noneWorked(release);
  // Not of this operation, so nothing of it is buried under this; what goes to the same revision is not in its way.
  const goesThere = newest !== undefined && revision !== undefined && rollbackOf(newest)?.to === revision;
  if (!isUndo && newest && !goesThere) leaveOthersAlone(release, newest);
  await context.saveCheckpoint(target.to);
  return { to: target.to };
}

/** The revision that a step goes back to which is no undo. */
function elsewhere({ release, revision }: HelmRollbackWith, history: readonly HelmRevision[]): number {
  const newest = history.at(-1);
  const to = revision ?? (newest && workedBefore(history, newest.revision)?.revision);
  if (to === undefined) throw noneWorked(release);
  return to;
}

function noneWorked(release: string): StepFailed {
  return new StepFailed(`${release} has no revision before the present one that worked, so it cannot go back.`);
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
  const back = await begunRollback(helm, { release, history, key });
  if (back !== undefined) return { to: back };
  leaveOthersAlone(release, newest);
  const [made] = await helm.replaced(release, key);
  if (made === undefined) return { rest: 'nothing was made that could be put back' };
  throw new StepFailed(
    `${release} was changed by somebody else after this operation (revision ${newest.revision} is ${newest.status}), so it was left alone; whoever looks after it decides what it should be.`,
  );
}

function answer(newest: HelmRevision | undefined, summary: string): StepAnswer {
  return { tells: { revision: newest?.revision ?? 0, status: newest?.status ?? 'absent' }, summary };
}
