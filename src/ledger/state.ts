import { isOlder } from './fence';
import type { AppliedChange, AppliedState, AppliedVersion } from './record';

/** How many versions the state remembers: more than anyone rolls back through, small enough to read at once. */
export const maxHistory = 50;

/** The state of a service that nothing is known of yet. */
export function emptyState({
  service,
  environment,
}: {
  readonly service: string;
  readonly environment: string;
}): AppliedState {
  return { format: 1, service, environment, history: [] };
}

/** The state after a change. Applying the same change twice in a row gives the same state as once. */
export function applyChange(state: AppliedState | undefined, change: AppliedChange): AppliedState {
  const known = state ?? emptyState(change);
  const { operation, at, fence } = change;
  const before = fence && !(known.fence && isOlder(fence, known.fence)) ? { ...known, fence } : known;
  switch (change.kind) {
    case 'entered':
      return before;
    case 'started':
      return { ...before, changing: { version: change.version, operation, at } };
    case 'succeeded':
      return { ...settled(before, change), history: withSuccess(before.history, change) };
    case 'applied':
      return settled(before, change);
    case 'rolled_back':
      return rollBack(before, change);
  }
}

/** What runs now is known; a newer operation that has begun in the meantime stays in motion. */
function settled(
  before: AppliedState,
  {
    version,
    operation,
    at,
    commit,
  }: { readonly version: string; readonly operation: string; readonly at: string; readonly commit?: string },
): AppliedState {
  const { changing, ...rest } = before;
  const current = { version, operation, at, ...(commit && { commit }) };
  return changing === undefined || changing.operation === operation
    ? { ...rest, current }
    : { ...rest, changing, current };
}

function withSuccess(
  history: readonly AppliedVersion[],
  { version, operation, at, commit }: Extract<AppliedChange, { kind: 'succeeded' }>,
): readonly AppliedVersion[] {
  const isRepeat = history.some((entry) => entry.operation === operation && entry.version === version);
  const entry = { version, operation, ...(commit && { commit }), succeededAt: at };
  return isRepeat ? history : [entry, ...history].slice(0, maxHistory);
}

function rollBack(before: AppliedState, change: Extract<AppliedChange, { kind: 'rolled_back' }>): AppliedState {
  const { from, to, operation, at } = change;
  const history = before.history.map((entry) =>
    from !== undefined && from !== to && entry.version === from && entry.rolledBackAt === undefined
      ? { ...entry, rolledBackAt: at }
      : entry,
  );
  const earlier = [before.current, ...before.history].find((entry) => entry?.version === to && entry.commit);
  const commit = change.commit ?? earlier?.commit;
  return { ...settled(before, { version: to, operation, at, ...(commit && { commit }) }), history };
}

/**
 * What a rollback goes back to: the newest version that succeeded here, was not rolled back later, and is not the one
 * being left. The one being left is what a deploy in motion brings, else what runs now; `before` names another one,
 * and then only versions older than it count. A rollback in motion is no reason to return to what it leaves.
 */
export function lastGood(
  state: AppliedState,
  { before }: { readonly before?: string } = {},
): AppliedVersion | undefined {
  const { changing, current, history } = state;
  const inMotion = changing?.operation.startsWith('rollback-') ? undefined : changing?.version;
  const leaving = before ?? inMotion ?? current?.version;
  const at = before === undefined ? -1 : history.findIndex(({ version }) => version === before);
  return history.slice(at + 1).find(({ version, rolledBackAt }) => rolledBackAt === undefined && version !== leaving);
}

/** The newest time a version succeeded and was not rolled back later; what `after` and `soak` count from. */
export function succeeded(state: AppliedState, version: string): AppliedVersion | undefined {
  return state.history.find((entry) => entry.version === version && entry.rolledBackAt === undefined);
}
