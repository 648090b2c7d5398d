import { sqlQuery, type SqlQueryWith } from '../../src/runbooks/kinds/sql-query';
import type { SqlAnswer } from '../adapters/postgres';
import type { StepAnswer } from './outcomes';
import { askReadOnly, fillSql, inDatabase } from './sql-session';
import { stepKind } from './step-kind';

export const runSqlQuery = stepKind<SqlQueryWith>(sqlQuery, async (context) => {
  const { given } = context;
  const ask = await fillSql(context, given.query, given);
  return answered(await inDatabase(context, (session) => askReadOnly(session, { ...ask, maxRows: given.limit })));
});

/** What expressions see of an answer. */
export function answered({ rows, count }: SqlAnswer): StepAnswer {
  return { tells: { rows, row_count: count }, summary: count === 1 ? '1 row' : `${count} rows` };
}
