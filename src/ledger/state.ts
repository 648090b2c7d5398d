import type { AppliedChange, AppliedState, AppliedVersion } from './record';

/** How many versions the state remembers: more than anyone rolls back through, small enough to read at once. */
const maxHistory = 50;

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

/** The state after a change. Applying the same change twice gives the same state as once. */
export function applyChange(state: AppliedState | undefined, change: AppliedChange): AppliedState {
  const before = state ?? emptyState(change);
  switch (change.kind) {
    case 'started':
      return { ...before, changing: { version: change.version, operation: change.operation, at: change.at } };
    case 'applied': {
      const { version, operation, at } = change;
      return settled({ ...before, current: { version, operation, at } });
    }
    case 'succeeded':
      return settled(succeed(before, change));
    case 'rolled_back':
      return settled(rollBack(before, change));
  }
}

/** Something has come of it: nothing is in motion any more. */
function settled({ changing: _changing, ...state }: AppliedState): AppliedState {
  return state;
}

function succeed(before: AppliedState, change: Extract<AppliedChange, { kind: 'succeeded' }>): AppliedState {
  const { version, operation, at } = change;
  const isRepeat = before.history.some((entry) => entry.operation === operation && entry.version === version);
  if (isRepeat) return before;
  const history = [{ version, operation, succeededAt: at }, ...before.history].slice(0, maxHistory);
  return { ...before, current: { version, operation, at }, history };
}

function rollBack(before: AppliedState, change: Extract<AppliedChange, { kind: 'rolled_back' }>): AppliedState {
  const { from, to, operation, at } = change;
  const history = before.history.map((entry) =>
    from !== undefined && from !== to && entry.version === from && entry.rolledBackAt === undefined
      ? { ...entry, rolledBackAt: at }
      : entry,
  );
  return { ...before, current: { version: to, operation, at }, history };
}

/**
 * What a rollback goes back to: the newest version that succeeded here, was not rolled back later, and is not the one
 * being left. The one being left is what runs now; a deploy in flight passes its own version as `before`, and a step
 * further back passes the version it steps behind.
 */
export function lastGood(
  state: AppliedState,
  { before }: { readonly before?: string } = {},
): AppliedVersion | undefined {
  // In mid-change it is the changing version that is being left, and what ran before is the place to go back to.
  const leaving = before ?? state.changing?.version ?? state.current?.version;
  const at = before === undefined ? -1 : state.history.findIndex(({ version }) => version === before);
  return state.history
    .slice(at + 1)
    .find(({ version, rolledBackAt }) => rolledBackAt === undefined && version !== leaving);
}

/** The newest time a version succeeded and was not rolled back later; what `after` and `soak` count from. */
export function succeeded(state: AppliedState, version: string): AppliedVersion | undefined {
  return state.history.find((entry) => entry.version === version && entry.rolledBackAt === undefined);
}
