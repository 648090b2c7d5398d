import { nestedIn, type Library } from './library';
import type { Action, Runbook, RunbookStep } from './schema';

type Document = Runbook | Action;

/** The way by which a runbook or an action runs itself again, by names; undefined when it does not. */
export function circleFrom(
  what: 'runbook' | 'action',
  document: Document,
  library: Pick<Library, 'runbooks' | 'actions'>,
): readonly string[] | undefined {
  const home = `${what} ${document.name}`;
  const seen = new Set<string>();
  const search = (at: Document, way: readonly string[]): readonly string[] | undefined => {
    for (const call of callsIn(at)) {
      const inner = nestedIn(call, library);
      if (inner?.kind !== 'found') continue;
      const name = `${inner.what} ${inner.document.name}`;
      if (name === home) return [...way, name];
      if (seen.has(name)) continue;
      seen.add(name);
      const found = search(inner.document, [...way, name]);
      if (found) return found;
    }
    return undefined;
  };
  return search(document, [home]);
}

interface Inside {
  readonly what: 'runbook' | 'action';
  readonly name: string;
  readonly document: Document;
}

/** Every runbook and action that runs inside a document, however deep, each once. */
export function insideOf(document: Document, library: Pick<Library, 'runbooks' | 'actions'>): readonly Inside[] {
  const found = new Map<string, Inside>();
  const search = (at: Document): void => {
    for (const call of callsIn(at)) {
      const inner = nestedIn(call, library);
      if (inner?.kind !== 'found') continue;
      const { name } = inner.document;
      if (found.has(`${inner.what} ${name}`)) continue;
      found.set(`${inner.what} ${name}`, { what: inner.what, name, document: inner.document });
      search(inner.document);
    }
  };
  search(document);
  return [...found.values()];
}

/** Every call of a document, those of its undos and of the steps inside steps included. */
function callsIn(document: Document): readonly Pick<RunbookStep, 'uses' | 'with'>[] {
  return stepsOf(document).flatMap((step) => [step, ...(typeof step.undo === 'object' ? [step.undo] : [])]);
}

/** Every step of a document, those inside steps included. */
export function stepsOf(document: Document): readonly RunbookStep[] {
  const all = (steps: readonly RunbookStep[]): RunbookStep[] =>
    steps.flatMap((step) => [step, ...all(step.steps ?? [])]);
  const { resolve = [], finally: last = [] } = document as Partial<Runbook>;
  return [...all(resolve), ...all(document.steps), ...all(last)];
}
