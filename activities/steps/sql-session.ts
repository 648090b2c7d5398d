import { escapeIdentifier, escapeLiteral } from 'pg';
import type { SecretReference } from '../../src/connections/schema';
import type { Json } from '../../src/json';
import { cutSql } from '../../src/runbooks/sql-text';
import { withPostgres, type PostgresSession, type SqlAsk } from '../adapters/postgres';
import { StepFailed } from './outcomes';
import type { StepContext } from './step-kind';

/** Longest name PostgreSQL keeps; it would cut a longer one in silence, and mean another thing. */
const maxNameBytes = 63;

/** Works in a session over a connection of the plan. */
export async function inDatabase<Result>(
  context: StepContext<{ readonly connection: string }>,
  work: (session: PostgresSession) => Promise<Result>,
): Promise<Result> {
  const { limitMs, signal } = context;
  const connection = context.connection(context.given.connection, 'postgres');
  const password = connection.password && (await context.secret(connection.password));
  return withPostgres({ connection, limitMs, signal, ...(password === undefined ? {} : { password }) }, work);
}

/** Asks in a transaction in which the server lets nothing be written. */
export async function askReadOnly(session: PostgresSession, ask: SqlAsk) {
  await session.one({ text: 'begin transaction read only' });
  const answer = await session.one(ask);
  await session.one({ text: 'rollback' });
  return answer;
}

/** A statement with its placeholders filled in: values beside it, names and secrets quoted inside it. */
export async function fillSql(
  context: Pick<StepContext, 'secret' | 'mask'>,
  statement: string,
  given: {
    readonly params?: { readonly [name: string]: unknown };
    readonly names?: { readonly [name: string]: string | readonly string[] };
    readonly secrets?: { readonly [name: string]: SecretReference };
  },
): Promise<Pick<SqlAsk, 'text' | 'values'>> {
  const cut = cutSql(statement);
  if (!cut.ok) throw new StepFailed(`The statement ${cut.message}.`);
  const numbered: string[] = [];
  let text = '';
  for (const part of cut.parts) {
    if (part.kind === 'text') text += part.text;
    else if (part.kind === 'name') text += [given.names![part.name]!].flat().map(quotedName).join(', ');
    else if (part.kind === 'secret') text += await quotedSecret(context, given.secrets![part.name]!);
    else {
      if (!numbered.includes(part.name)) numbered.push(part.name);
      text += `$${numbered.indexOf(part.name) + 1}`;
    }
  }
  return { text, values: numbered.map((name) => parameter(name, given.params![name] as Json)) };
}

/** A name, or schema and name with a dot between them, as PostgreSQL reads it back unchanged. */
export function quotedName(name: string): string {
  const parts = name.split('.');
  for (const part of parts) {
    if (part === '' || part.includes('\0'))
      throw new StepFailed(`${JSON.stringify(name.slice(0, 80))} cannot be a name in a database.`);
    if (Buffer.byteLength(part) > maxNameBytes)
      throw new StepFailed(
        `The name ${JSON.stringify(part.slice(0, 80))} is longer than ${maxNameBytes} bytes, which PostgreSQL would cut.`,
      );
  }
  return parts.map(escapeIdentifier).join('.');
}

async function quotedSecret(
  context: Pick<StepContext, 'secret' | 'mask'>,
  reference: SecretReference,
): Promise<string> {
  const secret = await context.secret(reference);
  if (secret.includes('\0')) throw new StepFailed('A secret of this step holds a NUL, which no statement can.');
  const quoted = escapeLiteral(secret).trim();
  // A quote in it is doubled, which the server may tell back.
  context.mask(quoted.replace(/^E?'|'$/g, ''));
  return quoted;
}

function parameter(name: string, value: Json): unknown {
  if ([value].flat().some((item) => typeof item === 'string' && item.includes('\0')))
    throw new StepFailed(`The value of :${name} holds a NUL, which PostgreSQL takes nowhere.`);
  return value;
}
