import { sqlExecute, type SqlExecuteWith } from '../../src/runbooks/kinds/sql-execute';
import { answered } from './sql-query';
import { askReadOnly, fillSql, inDatabase } from './sql-session';
import { stepKind } from './step-kind';

export const runSqlExecute = stepKind<SqlExecuteWith>(sqlExecute, async (context) => {
  const { given } = context;
  const ask = { ...(await fillSql(context, given.statement ?? given.query!, given)), maxRows: given.limit };
  return answered(
    await inDatabase(context, (session) =>
      given.statement === undefined ? askReadOnly(session, ask) : session.one(ask),
    ),
  );
});
