import {
  condition,
  continueAsNew,
  defineSignal,
  getExternalWorkflowHandle,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { LaneEntry } from '../src/operation/ports';
import { lanes } from './activities';
import {
  LANE_ENTER,
  LANE_GRANTED,
  LANE_LEAVE,
  LANE_POSITION,
  LANE_STATUS,
  LANE_TAKEN,
  runId,
  type LaneGrant,
} from './contract';

export type LaneStatus = 'running' | 'watching' | 'needs_hands' | 'aborting';

export interface LaneTaken {
  readonly by: string;
  /** What that one does, and who asked for it. */
  readonly title: string;
  readonly requester?: string;
  /** `rollback` wants the place at once; `newer` only ends a watch. */
  readonly because: 'rollback' | 'newer';
}

interface Holder extends LaneEntry {
  status: LaneStatus;
  /** Set when the holder was asked to go: it is waited for until then. */
  goneBy?: number;
  askedFor?: LaneTaken['because'];
}

interface Waiting extends LaneEntry {
  told?: string;
}

/** Everything a lane knows; plain JSON that survives continue-as-new. */
export interface LaneState {
  readonly epoch: number;
  granted: number;
  holder?: Holder;
  queue: Waiting[];
}

/**
 * The queue in front of one service in one environment. At most one operation holds it; a rollback takes it over; a
 * newer operation ends a watch. It ends when empty and is started again by the next `enterLane`. Its fence (start and
 * number) grows with every holder.
 */
export async function lane(carried?: LaneState): Promise<void> {
  const state: LaneState = carried ?? { epoch: workflowInfo().startTime.getTime(), granted: 0, queue: [] };
  let stirred = true;

  setHandler(defineSignal<[LaneEntry]>(LANE_ENTER), (entry) => {
    const known = state.holder?.operationId === entry.operationId;
    if (!known && !state.queue.some(({ operationId }) => operationId === entry.operationId)) {
      state.queue.push(entry);
      state.queue.sort((a, b) => a.priority - b.priority);
    }
    stirred = true;
  });
  setHandler(defineSignal<[string]>(LANE_LEAVE), (operationId) => {
    if (state.holder?.operationId === operationId) state.holder = undefined;
    state.queue = state.queue.filter((entry) => entry.operationId !== operationId);
    stirred = true;
  });
  setHandler(defineSignal<[{ operationId: string; status: LaneStatus }]>(LANE_STATUS), ({ operationId, status }) => {
    if (state.holder?.operationId === operationId) state.holder.status = status;
    stirred = true;
  });

  while (true) {
    stirred = false;
    await arrange(state);
    if (stirred || (!state.holder && state.queue.length > 0)) continue;
    if (!state.holder) return;
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof lane>(state);
    const woken = await condition(() => stirred, waitFor(state));
    if (!woken) await dismissTheDead(state);
  }
}

/** Grants the place, or asks its holder to go. */
async function arrange(state: LaneState): Promise<void> {
  const next = state.queue[0];
  if (state.holder && next) await askToGo(state, state.holder, next);
  if (!state.holder && state.queue.length > 0) await grant(state);
  await Promise.all(
    state.queue.map((entry, index) => tellPosition(entry, { position: index + 1, heldBy: state.holder?.title })),
  );
}

/** Says where an operation stands in the queue, when that is news to it. */
async function tellPosition(
  entry: Waiting,
  place: { readonly position: number; readonly heldBy?: string },
): Promise<void> {
  const told = `${place.position} ${place.heldBy}`;
  if (entry.told === told) return;
  entry.told = told;
  await tell(entry.operationId, LANE_POSITION, place);
}

async function askToGo(state: LaneState, holder: Holder, next: LaneEntry): Promise<void> {
  const because = reasonToGo(holder, next);
  if (because === undefined) return;
  // A rollback does not wait behind what a newer deploy asked for: it asks anew, and the holder has time anew.
  if (holder.goneBy === undefined || holder.askedFor !== because) {
    holder.goneBy = Date.now() + next.takeOverMs;
    holder.askedFor = because;
    const taken: LaneTaken = { by: next.operationId, title: next.title, requester: next.requester, because };
    if (!(await tell(holder.operationId, LANE_TAKEN, taken))) state.holder = undefined;
  } else if (Date.now() >= holder.goneBy && because === 'rollback') {
    state.holder = undefined;
  }
}

/** A rollback takes over from anything but a rollback that is getting on; a newer operation only ends a watch. */
function reasonToGo(holder: Holder, next: LaneEntry): LaneTaken['because'] | undefined {
  const stuck = holder.status === 'needs_hands';
  if (next.kind === 'rollback' && (holder.kind !== 'rollback' || stuck)) return 'rollback';
  return holder.status === 'watching' ? 'newer' : undefined;
}

async function grant(state: LaneState): Promise<void> {
  const next = state.queue.shift()!;
  state.granted += 1;
  state.holder = { ...next, status: 'running' };
  const granted: LaneGrant = { fence: { epoch: state.epoch, number: state.granted } };
  if (!(await tell(next.operationId, LANE_GRANTED, granted))) state.holder = undefined;
}

/** An operation that was terminated cannot leave by itself. */
async function dismissTheDead(state: LaneState): Promise<void> {
  const { isOpen } = lanes();
  const present = [state.holder, ...state.queue].filter((entry): entry is Holder => entry !== undefined);
  // A run outlives a terminated operation by its undo; until that is over nobody else may begin.
  const open = await Promise.all(
    present.map(
      async ({ operationId }) =>
        (await isOpen({ workflowId: operationId })) || (await isOpen({ workflowId: runId(operationId) })),
    ),
  );
  const dead = new Set(present.filter((_, index) => !open[index]).map(({ operationId }) => operationId));
  if (state.holder && dead.has(state.holder.operationId)) state.holder = undefined;
  state.queue = state.queue.filter(({ operationId }) => !dead.has(operationId));
}

function waitFor({ holder, queue }: LaneState): number {
  const liveness = (holder ?? queue[0])?.livenessCheckMs ?? 60_000;
  const grace = holder?.goneBy === undefined || Date.now() >= holder.goneBy ? Infinity : holder.goneBy - Date.now();
  return Math.max(1, Math.min(liveness, grace));
}

/** False when the operation no longer exists. */
async function tell(operationId: string, signal: string, ...args: unknown[]): Promise<boolean> {
  try {
    await getExternalWorkflowHandle(operationId).signal(signal, ...args);
    return true;
  } catch {
    return false;
  }
}
