import { executeChild, ParentClosePolicy } from '@temporalio/workflow';
import type { FailedOutput, StepOutline } from '../../src/operation/plan';
import type { UndoEntry } from '../../src/operation/runner-ports';
import { loggedAs, WORKFLOWS } from '../contract';
import type { runSlice } from '../run-slice';
import { instant, outputIn, reasonOf } from '../say';
import { rollBackChild } from './child-operation';
import type { Frame } from './state';
import { carryOutControl } from './carry-out';
import { partOf, type Walk } from './walk';
import { targetsIn, Walker } from './walker';

/** Slices undone at the same time, at most. */
const mostSlices = 20;

/**
 * Undoes everything of a frame in reverse, and goes on where one thing cannot be undone: those stay in the frame.
 * Gives the sentences of what went wrong.
 */
export async function undoAll(walk: Walk, frame: Frame): Promise<readonly string[]> {
  const trouble: string[] = [];
  const left: UndoEntry[] = [];
  while (frame.undo.length > 0) {
    const undone = await undoNewest(walk, frame);
    if (undone === 'done') continue;
    trouble.push(undone.reason);
    left.unshift(...undone.left);
  }
  frame.undo.push(...left);
  return trouble;
}

/** The step whose undo comes next. */
export function newestIn(walk: Walk, frame: Frame): StepOutline {
  const { path } = frame.undo.at(-1)!;
  return walk.input.plan.steps.find((step) => step.path === path)!;
}

/** Takes what was begun last off the stack and undoes it. `left` is what of it could not be undone, and why. */
export async function undoNewest(
  walk: Walk,
  frame: Frame,
): Promise<'done' | { readonly reason: string; readonly left: readonly UndoEntry[] }> {
  const step = newestIn(walk, frame);
  walk.reporter?.step(step, { state: 'undoing', startedAt: instant() });
  const entries = takeNewest(frame);
  const [entry] = entries;
  if (entry!.lost !== undefined) {
    const reason = `Nobody knows what some of its targets did, because their workflow ended: ${entry!.lost}`;
    walk.reporter?.step(step, { state: 'undo_failed', summary: reason, endedAt: instant() });
    return { reason, left: entries };
  }
  const undone =
    entry!.slice === undefined
      ? await undoEntry(walk, frame, { step, entry: entry! })
      : await undoSlices(walk, frame, entries);
  if ('reason' in undone) {
    if (undone.log) walk.onLog?.({ step: loggedAs(step.path, frame.targets), how: 'failed', mode: 'undo' });
    const wrote = { lines: undone.detail, hasLog: undone.log !== undefined };
    walk.reporter?.step(step, { state: 'undo_failed', summary: undone.reason, endedAt: instant() }, wrote);
    return { reason: undone.reason, left: undone.left };
  }
  const wrote = { lines: undone.detail, hasLog: undone.log !== undefined };
  if (undone.log) walk.onLog?.({ step: loggedAs(step.path, frame.targets), how: 'done', mode: 'undo' });
  walk.reporter?.step(step, { state: 'undone', summary: undone.summary, endedAt: instant() }, wrote);
  return 'done';
}

/** The newest entry; of a list, as many of its slices as together had no more at once than the whole list may have. */
function takeNewest(frame: Frame): readonly UndoEntry[] {
  const entries = [frame.undo.pop()!];
  const [{ path, slice, atOnce = 1, mostAtOnce = 1 }] = entries as [UndoEntry];
  let busy = atOnce;
  while (slice !== undefined && entries.length < mostSlices) {
    const entry = frame.undo.at(-1);
    busy += entry?.atOnce ?? 1;
    if (entry?.slice === undefined || entry.path !== path || busy > mostAtOnce) break;
    entries.push(frame.undo.pop()!);
  }
  return entries;
}

type Undone = FailedOutput &
  ({ readonly summary?: string } | { readonly reason: string; readonly left: readonly UndoEntry[] });

async function undoEntry(
  walk: Walk,
  frame: Frame,
  { step, entry }: { readonly step: StepOutline; readonly entry: UndoEntry },
): Promise<Undone> {
  const walker = new Walker(walk, frame, carryOutControl, { isDeaf: true });
  const failed = (reason: string): Undone => ({ reason, left: [entry] });
  try {
    if (entry.operation !== undefined) {
      const reason = await rollBackChild(walker, step, { told: entry.told ?? {} });
      return reason === undefined ? {} : failed(reason);
    }
    if (step.undoneBy === undefined) return await walker.call(asUndo(step), 'undo');
    const group = walk.input.plan.steps.find(({ path }) => path === step.undoneBy)!;
    // A stack of its own: nothing undoes an undo.
    const key = walker.keyOf(group);
    const own = walk.undoing.get(key) ?? { ...frame, undo: [], done: [], told: {}, kept: [] };
    walk.undoing.set(key, own);
    const failure = await new Walker(walk, own, carryOutControl, { isDeaf: true }).pass(group);
    return failure ? failed(`${failure.step}: ${failure.reason}`) : {};
  } catch (error) {
    return { ...failed(reasonOf(error)), ...outputIn(error) };
  }
}

/** A step as its undo is scheduled: with the attempts, the time and the pool of that. */
function asUndo(step: StepOutline): StepOutline {
  if (!step.undo) return step;
  const { pollForMs: _pollForMs, undo, ...rest } = step;
  return { ...rest, ...undo, repeat: 'safe' };
}

/** Slices of one list, all at once. Of those that did not work, what is left of them stays. */
async function undoSlices(walk: Walk, frame: Frame, entries: readonly UndoEntry[]): Promise<Undone> {
  const trouble: string[] = [];
  const left: UndoEntry[] = [];
  await Promise.all(
    entries.map(async ({ path, slice, ...how }) => {
      try {
        const rest = await undoSlice(walk, frame, { path, slice: slice! });
        if (rest.log) walk.onLog?.(rest.log);
        if (rest.undo === undefined) return;
        trouble.push(...rest.failed.map(({ key, reason }) => `${key}: ${reason}`));
        left.push({ path, slice: rest.undo, ...how });
      } catch (error) {
        trouble.push(reasonOf(error));
        left.push({ path, slice, ...how });
      }
    }),
  );
  if (left.length === 0) return { summary: 'put back' };
  const more = trouble.length > 3 ? ` And ${trouble.length - 3} more.` : '';
  return { reason: `${trouble.slice(0, 3).join(' ')}${more}`, left };
}

async function undoSlice(walk: Walk, frame: Frame, of: { readonly path: string; readonly slice: string }) {
  const { path, slice } = of;
  const { outputs, targets } = frame;
  return executeChild<typeof runSlice>(WORKFLOWS.runSlice, {
    workflowId: `${walk.input.operationId}/${path}${targetsIn(frame)}/undo-${slice.slice(0, 16)}`,
    args: [{ run: partOf(walk.input, path), path, work: { kind: 'undo', slice }, outer: { outputs, targets } }],
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    staticSummary: `Undo of ${path}`.slice(0, 200),
  });
}
