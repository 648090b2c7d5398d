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

/** `*` within a folder, `**` across folders. Linear: no pattern makes it slow. */
export function matchesGlob(path: string, glob: string): boolean {
  return matchParts(path.split('/'), glob.split('/'));
}

function matchParts(path: readonly string[], glob: readonly string[]): boolean {
  let reachable = new Set([0]);
  for (const part of glob) {
    const next = new Set<number>();
    for (const at of reachable) {
      if (part === '**') for (let end = at; end <= path.length; end++) next.add(end);
      else if (at < path.length && matchPart(path[at]!, part)) next.add(at + 1);
    }
    reachable = next;
  }
  return reachable.has(path.length);
}

function matchPart(text: string, pattern: string): boolean {
  const pieces = pattern.split('*');
  if (pieces.length === 1) return text === pattern;
  const [first = '', last = ''] = [pieces[0], pieces.at(-1)];
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  let at = first.length;
  const end = text.length - last.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}
