import { matchesGlob } from '../code/path-pattern';
import { evaluate as evaluateCondition } from '../expressions/cel';
import type { JsonObject } from '../json';
import type { Handler, Policy } from './policy';

export type HandlerAnswer =
  | { readonly kind: 'found'; readonly handler: Handler }
  | { readonly kind: 'none' }
  /** A condition before the first match could not be evaluated, so nobody can say which one it is. */
  | { readonly kind: 'broken'; readonly handler: Handler; readonly message: string };

/** The runbook that policy names for a kind of work: the first handler that fits. */
export function handlerFor(input: {
  readonly policy: Policy;
  /** `deploy`, `rollout.target`, `prerequisite.database_migration`, ... */
  readonly what: string;
  /** `change`, `service`, `environment`, `plan`, `now`, as far as they are known. */
  readonly variables: JsonObject;
  /** Changed files, for handlers that name `paths`. */
  readonly paths?: readonly string[];
}): HandlerAnswer {
  for (const handler of input.policy.handlers) {
    if (handler.for !== input.what || !touches(handler, input.paths)) continue;
    if (!handler.when) return { kind: 'found', handler };
    const answer = evaluateCondition(handler.when, input.variables, { zone: input.policy.timezone, unchanging: true });
    if (!answer.ok) return { kind: 'broken', handler, message: answer.message };
    if (answer.value === true) return { kind: 'found', handler };
  }
  return { kind: 'none' };
}

/** Handlers that name a runbook, whatever their conditions: people ask for that work and not for the runbook. */
export function handlersThatRun(
  { handlers }: Pick<Policy, 'handlers'>,
  runbook: string | undefined,
): readonly Handler[] {
  return handlers.filter((handler) => handler.runbook === runbook);
}

function touches(handler: Handler, paths: readonly string[] | undefined): boolean {
  return (
    handler.paths === undefined || (paths ?? []).some((path) => handler.paths!.some((glob) => matchesGlob(path, glob)))
  );
}
