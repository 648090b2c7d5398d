import type { AppliedState } from './record';

/** Every version that succeeded anywhere, as policy looks at it: `after`, `soak` and rollback targets. */
export function historyOf(states: readonly AppliedState[]) {
  return states.flatMap(({ service, environment, history }) =>
    history.map(({ version, succeededAt, rolledBackAt }) => ({
      service,
      environment,
      version,
      succeededAt,
      rolledBackAt,
    })),
  );
}
