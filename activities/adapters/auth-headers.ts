import type { Connection } from '../../src/connections/schema';
import type { Redactor } from '../steps/redact';
import { resolveSecret, type SecretSources } from '../steps/secrets';

/** The headers that a connection's `auth` stands for. Everything secret in them is masked from here on. */
export async function authHeaders(
  connection: Connection,
  sources: SecretSources,
  redactor: Redactor,
): Promise<{ readonly [name: string]: string }> {
  const { auth } = connection;
  if (!auth) return {};
  if ('bearer' in auth) return { authorization: `Bearer ${await resolveSecret(auth.bearer, sources, redactor)}` };
  if ('header' in auth) return { [auth.header.name]: await resolveSecret(auth.header.value, sources, redactor) };
  const pair = `${auth.basic.user}:${await resolveSecret(auth.basic.password, sources, redactor)}`;
  redactor.add(pair);
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}
