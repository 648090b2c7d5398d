import { randomUUID } from 'node:crypto';
import type { Connection } from '../../src/connections/schema';
import { StepFailed } from '../steps/outcomes';
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
  if ('oauth' in auth)
    return { authorization: oauthOf(connection, await resolveSecret(auth.oauth, sources, redactor), redactor) };
  if ('header' in auth) return { [auth.header.name]: await resolveSecret(auth.header.value, sources, redactor) };
  const pair = `${auth.basic.user}:${await resolveSecret(auth.basic.password, sources, redactor)}`;
  redactor.add(pair);
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** RFC 5849, 3.4.4: the consumer has no secret of its own here, so the signature is `&` and the token's. */
function oauthOf({ name }: Connection, key: string, redactor: Redactor): string {
  const [consumer, token, secret = '', ...more] = key.split(':');
  if (!consumer || !token || secret.length < 8 || more.length > 0)
    throw new StepFailed(`The secret of the connection ${name} is not consumer:token:secret, as OAuth 1.0 needs it.`);
  redactor.add(secret);
  const fields = {
    oauth_version: '1.0',
    oauth_signature_method: 'PLAINTEXT',
    oauth_consumer_key: consumer,
    oauth_token: token,
    oauth_signature: `&${secret}`,
    oauth_nonce: randomUUID(),
    oauth_timestamp: String(Math.floor(Date.now() / 1_000)),
  };
  return `OAuth ${Object.entries(fields)
    .map(([field, value]) => `${field}="${encodeURIComponent(value)}"`)
    .join(', ')}`;
}
