import { compileExpression } from '../expressions/cel';
import { templateParts } from './expressions';
import { namesFor } from './scope';

/** What a query of the policy may name: a metric belongs to no runbook, so it sees no inputs and no steps. */
const names = namesFor({ inputs: {}, resolve: {}, steps: {}, tells: [] });

/** Why the templates of a metric's query cannot be filled in, as the end of a sentence; undefined when they can. */
export function queryProblem(query: string): string | undefined {
  // A query that keeps such a thing would select nothing, and look like a metric without data.
  const foreign = /\$\{(?!\{)[^}]*\}?/.exec(query)?.[0];
  if (foreign !== undefined) return `${foreign} is no template; write it as in \${{ operation.version }}`;
  const cut = templateParts(query);
  if (!cut.ok) return cut.message;
  if (cut.parts.length === 1 && cut.parts[0]!.kind === 'expression')
    return 'it is one expression as a whole; write the query out and insert only names';
  for (const part of cut.parts) {
    if (part.kind === 'text') continue;
    const compiled = compileExpression({ source: part.source, names });
    if (!compiled.ok) return `${part.source}: ${compiled.problems[0]?.message}`;
  }
  return undefined;
}
