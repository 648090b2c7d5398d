import { z } from 'zod';
import { secretReference } from '../../connections/schema';
import { text } from '../../documents/text';
import { sqlProblem } from '../sql-text';
import type { StepKindSpec } from '../step-kind';
import { sqlNames, sqlParams } from './sql-query';

export const sqlExecuteWith = z
  .strictObject({
    connection: text(),
    statement: text().max(20_000).optional(),
    /** Instead of a statement, for `find`: asked as `sql/query` would ask it. */
    query: text().max(20_000).optional(),
    params: sqlParams.optional(),
    names: sqlNames.optional(),
    /** Values of `{{name}}` placeholders, which the runner reads and quotes: utility statements take no parameters. */
    secrets: z.record(z.string(), secretReference).optional(),
    limit: z.int().min(1).max(5_000).default(200),
  })
  .superRefine((given, context) => {
    const { statement, query } = given;
    const add = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message });
    if ((statement === undefined) === (query === undefined))
      return add('statement', 'has to be there, or a "query" instead of it in a find');
    const message = sqlProblem(statement ?? query!, given);
    if (message !== undefined) add(statement === undefined ? 'query' : 'statement', message);
    if (query !== undefined && given.secrets !== undefined) add('secrets', 'are for statements, not for a query');
  });

export type SqlExecuteWith = z.infer<typeof sqlExecuteWith>;

const isQuery = (given: { readonly [key: string]: unknown }): boolean =>
  given.query !== undefined && given.statement === undefined;

export const sqlExecute: StepKindSpec = {
  name: 'sql/execute',
  doc: 'Carries out one PostgreSQL statement. `:name` takes its value from `params`, `{name}` an identifier or a list of them from `names`, `{{name}}` a secret. Its `find` may ask a `query`, which only reads. Expressions see `rows` and `row_count`.',
  with: sqlExecuteWith,
  tells: ['rows', 'row_count'],
  literal: ['statement', 'query', 'secrets'],
  findInherits: ['connection'],
  readOnly: isQuery,
  check:
    'The server explains a query, an insert, an update, a delete or a merge without carrying it out, in a transaction in which nothing can be written; other statements are only said.',
  repeat: (given) => (isQuery(given) ? 'safe' : 'never'),
  timeoutMs: 5 * 60_000,
  connections: (given) => [String(given.connection ?? '')],
  connectionKinds: ['postgres'],
};
