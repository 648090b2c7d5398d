import { z } from 'zod';
import { text } from '../../documents/text';
import { sqlProblem } from '../sql-text';
import type { StepKindSpec } from '../step-kind';

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** Values of `:name` placeholders. They travel beside the statement and are never a part of its text. */
export const sqlParams = z.record(z.string(), z.union([scalar, z.array(scalar)]));
/** Values of `{name}` placeholders: identifiers, which the step quotes; a dot parts schema and name. */
export const sqlNames = z.record(z.string(), z.union([z.string(), z.array(z.string())]));

export const sqlQueryWith = z
  .strictObject({
    connection: text(),
    query: text().max(20_000),
    params: sqlParams.optional(),
    names: sqlNames.optional(),
    /** More rows than this fail the step: a list that was cut would pass for the whole. */
    limit: z.int().min(1).max(5_000).default(200),
  })
  .superRefine((given, context) => {
    const message = sqlProblem(given.query, given);
    if (message !== undefined) context.addIssue({ code: 'custom', path: ['query'], message });
  });

export type SqlQueryWith = z.infer<typeof sqlQueryWith>;

export const sqlQuery: StepKindSpec = {
  name: 'sql/query',
  doc: 'Asks PostgreSQL one question in a read-only transaction. `:name` in the query takes its value from `params`, `{name}` an identifier from `names`. Expressions see `rows` and `row_count`; more rows than `limit` fail the step.',
  with: sqlQueryWith,
  tells: ['rows', 'row_count'],
  literal: ['query'],
  readOnly: () => true,
  repeat: () => 'safe',
  timeoutMs: 60_000,
  connections: (given) => [String(given.connection ?? '')],
  connectionKinds: ['postgres'],
};
