import { randomBytes } from 'node:crypto';
import type { Batch, Store } from './state';

/** Machines that are built in batches and join groups. */
export interface BatchView {
  readonly id: string;
  readonly group: string;
  readonly nodes: readonly string[];
  readonly state: 'building' | 'ready' | 'failed';
}

export interface GroupView {
  readonly name: string;
  readonly nodes: readonly string[];
  readonly batches: readonly string[];
}

export function viewOf(batch: Batch): BatchView {
  const state = Date.now() < batch.readyAt ? 'building' : batch.fails ? 'failed' : 'ready';
  return { id: batch.id, group: batch.group, nodes: batch.nodes, state };
}

/** The same key gives the same batch, however often it is asked. */
export function orderBatch(
  { state }: Store,
  asked: { readonly group: string; readonly count: number; readonly key?: string; readonly buildMs: number },
): Batch {
  const known = asked.key ? state.batches.find((batch) => batch.key === asked.key) : undefined;
  if (known) return known;
  const first = (state.named[asked.group] ?? 0) + 1;
  state.named[asked.group] = first + asked.count - 1;
  const batch: Batch = {
    id: `batch-${randomBytes(4).toString('hex')}`,
    ...(asked.key ? { key: asked.key } : {}),
    group: asked.group,
    nodes: Array.from({ length: asked.count }, (_, index) => `${asked.group}-node-${first + index}`),
    readyAt: Date.now() + asked.buildMs,
    fails: state.fail === 'build',
  };
  state.batches.push(batch);
  return batch;
}

/** A released batch leaves its groups too. Whether there was one. */
export function releaseBatch({ state }: Store, id: string): boolean {
  const known = state.batches.some((batch) => batch.id === id);
  state.batches = state.batches.filter((batch) => batch.id !== id);
  for (const group of Object.keys(state.groups)) leaveGroup(state.groups, group, id);
  return known;
}

export function joinGroup({ state }: Store, group: string, id: string): void {
  const members = (state.groups[group] ??= []);
  if (!members.includes(id)) members.push(id);
}

export function leaveGroup(groups: Store['state']['groups'], group: string, id: string): void {
  groups[group] = (groups[group] ?? []).filter((member) => member !== id);
}

export function groupView({ state }: Store, name: string): GroupView {
  const batches = state.groups[name] ?? [];
  const nodes = state.batches.filter((batch) => batches.includes(batch.id)).flatMap((batch) => batch.nodes);
  return { name, nodes, batches };
}
