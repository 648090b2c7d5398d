import { z } from 'zod';
import { text } from '../../documents/text';
import type { StepKindSpec } from '../step-kind';

const scalar = z.union([z.string(), z.number(), z.boolean()]);

export const httpRequestWith = z
  .strictObject({
    connection: text(),
    method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET'),
    path: text().startsWith('/', 'has to start with /'),
    query: z.record(z.string(), scalar).optional(),
    headers: z.record(z.string(), z.string()).optional(),
    json: z.json().optional(),
    form: z.record(z.string(), scalar).optional(),
    /** Statuses that count as success besides 200 to 299. */
    status: z.array(z.int().min(200).max(599)).optional(),
  })
  .refine((given) => given.json === undefined || given.form === undefined, 'has both json and form; keep one');

export type HttpRequestWith = z.infer<typeof httpRequestWith>;

const methodOf = (given: { readonly [key: string]: unknown }): string => String(given.method ?? 'GET');

export const httpRequest: StepKindSpec = {
  name: 'http/request',
  doc: 'One HTTP request over a named connection. Expressions see `response` with status, headers and body. Redirects are not followed; writing methods carry an Idempotency-Key.',
  with: httpRequestWith,
  tells: ['response'],
  urlKeys: ['path'],
  findInherits: ['connection', 'headers'],
  readOnly: (given) => ['GET', 'HEAD'].includes(methodOf(given)),
  // RFC 9110, 9.2.2: POST and PATCH are the methods that may not simply be sent again.
  repeat: (given) => (['POST', 'PATCH'].includes(methodOf(given)) ? 'never' : 'safe'),
  timeoutMs: 60_000,
  connections: (given) => [String(given.connection ?? '')],
};
