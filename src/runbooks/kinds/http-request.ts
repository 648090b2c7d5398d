import { z } from 'zod';
import { secretReference } from '../../connections/schema';
import { text } from '../../documents/text';
import { fileRefSchema } from '../file-ref';
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
    /** A body of plain text, as it is. */
    text: z.string().max(1_000_000).optional(),
    /** A body of bytes that a step has kept, sent as application/octet-stream. */
    file: fileRefSchema.optional(),
    /** Further fields of a JSON or form body whose values the runner reads when it sends them. */
    secrets: z.record(z.string(), secretReference).optional(),
    /** Statuses that count as success besides 200 to 299. */
    status: z.array(z.int().min(200).max(599)).optional(),
  })
  .refine(
    ({ json, form, text: plain, file }) => [json, form, plain, file].filter((body) => body !== undefined).length <= 1,
    'has more than one of json, form, text and file; keep one',
  )
  .refine(
    ({ json, form, secrets }) => secrets === undefined || form !== undefined || isMap(json),
    'has secrets, which are fields of a json map or a form',
  );

function isMap(json: unknown): boolean {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

export type HttpRequestWith = z.infer<typeof httpRequestWith>;

const methodOf = (given: { readonly [key: string]: unknown }): string => String(given.method ?? 'GET');

export const httpRequest: StepKindSpec = {
  name: 'http/request',
  doc: 'One HTTP request over a named connection. Expressions see `response` with status, headers and body. Redirects are not followed; writing methods carry an Idempotency-Key. `file` of another step is sent as the bytes that it has.',
  with: httpRequestWith,
  tells: ['response'],
  urlKeys: ['path'],
  literal: ['secrets'],
  findInherits: ['connection', 'headers'],
  readOnly: (given) => ['GET', 'HEAD'].includes(methodOf(given)),
  // RFC 9110, 9.2.2: POST and PATCH are the methods that may not simply be sent again.
  repeat: (given) => (['POST', 'PATCH'].includes(methodOf(given)) ? 'never' : 'safe'),
  timeoutMs: 60_000,
  connections: (given) => [String(given.connection ?? '')],
};
