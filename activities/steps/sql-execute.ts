import { sqlExecute, type SqlExecuteWith } from '../../src/runbooks/kinds/sql-execute';
import { answered } from './sql-query';
import { askReadOnly, fillSql, inDatabase } from './sql-session';
import type { StepAnswer } from './outcomes';
import { stepKind, type StepContext } from './step-kind';

export const runSqlExecute = stepKind<SqlExecuteWith>(sqlExecute, run, check);

async function run(context: StepContext<SqlExecuteWith>): Promise<StepAnswer> {
  const { given } = context;
  const ask = { ...(await fillSql(context, given.statement ?? given.query!, given)), maxRows: given.limit };
  return answered(
    await inDatabase(context, (session) =>
      given.statement === undefined ? askReadOnly(session, ask) : session.one(ask),
    ),
  );
}

/** Statements that a server can explain; of all others it could only tell by carrying them out. */
const explainable = /^(?:select|insert|update|delete|merge|with|values|table)\b/i;

/** Whether the server would take the statement, asked without carrying it out, and how it would go about it. */
async function check(context: StepContext<SqlExecuteWith>): Promise<StepAnswer | undefined> {
  const { given } = context;
  const { text, values } = await fillSql(context, given.statement!, given);
  if (!explainable.test(withoutComments(text))) return undefined;
  const ask = { text: `explain (verbose false) ${text}`, ...(values && { values }) };
  const { rows } = await inDatabase(context, (session) => askReadOnly(session, ask));
  const detail = rows.slice(0, 20).map((row) => String(Object.values(row)[0]));
  return { tells: {}, summary: 'the database would take it', detail };
}

function withoutComments(text: string): string {
  return text.replace(/^(?:\s+|--[^\n]*(?:\n|$)|\/\*[^]*?\*\/)+/, '');
}
