import type { JsonObject } from '../../src/json';
import { httpRequest, type HttpRequestWith } from '../../src/runbooks/kinds/http-request';
import type { HttpAsk } from '../adapters/http-connection';
import { StepFailed } from './outcomes';
import { stepKind, type StepContext } from './step-kind';

export const runHttpRequest = stepKind<HttpRequestWith>(httpRequest, async (context) => {
  const { given } = context;
  const answer = await context.request(given.connection, {
    method: given.method,
    path: withQuery(given.path, given.query),
    headers: headersOf(context),
    ...(await bodyOf(context)),
    status: given.status,
  });
  return {
    tells: { response: { status: answer.status, headers: answer.headers, body: answer.body } satisfies JsonObject },
    summary: `${given.method} ${given.path.split('?')[0]} answered ${answer.status}`,
  };
});

function withQuery(path: string, query: HttpRequestWith['query']): string {
  if (!query) return path;
  const added = new URLSearchParams(textPairs(query)).toString();
  return `${path}${path.includes('?') ? '&' : '?'}${added}`;
}

function headersOf({ given, idempotencyKey }: StepContext<HttpRequestWith>): HttpAsk['headers'] {
  const headers = given.headers ?? {};
  if (Object.keys(headers).some((name) => name.toLowerCase() === 'idempotency-key'))
    throw new StepFailed(
      'The step may not set the header Idempotency-Key; it carries one that is the same for every attempt.',
    );
  if (given.method === 'GET' || given.method === 'HEAD') return headers;
  return { ...headers, 'idempotency-key': idempotencyKey };
}

async function bodyOf({ given, secret, readFile }: StepContext<HttpRequestWith>): Promise<Pick<HttpAsk, 'body'>> {
  const { json, form, text, file, secrets = {} } = given;
  if (file !== undefined) return { body: { type: 'application/octet-stream', content: await readFile(file) } };
  if (text !== undefined) return { body: { type: 'text/plain', content: text } };
  const hidden: { [field: string]: string } = {};
  for (const [field, reference] of Object.entries(secrets)) hidden[field] = await secret(reference);
  if (json !== undefined) {
    const whole = Object.keys(hidden).length > 0 ? { ...(json as JsonObject), ...hidden } : json;
    return { body: { type: 'application/json', content: JSON.stringify(whole) } };
  }
  if (form === undefined) return {};
  const fields = new URLSearchParams(textPairs({ ...form, ...hidden }));
  return { body: { type: 'application/x-www-form-urlencoded', content: fields.toString() } };
}

function textPairs(values: NonNullable<HttpRequestWith['form']>): [string, string][] {
  return Object.entries(values).map(([name, value]) => [name, String(value)]);
}
