import type { Connection } from '../../src/connections/schema';
import type { Json } from '../../src/json';
import { templateParts } from '../../src/runbooks/expressions';
import { numberOf, selectSamples } from '../adapters/exposition';
import { StepError, StepFailed } from './outcomes';
import type { StepContext } from './step-kind';

/** What may be inserted into a query: enough for names and versions, nothing that means something to a query language. */
const insertable = /^[A-Za-z0-9._:/@+-]*$/;

/**
 * The present value of a query, in the metric's own unit. Undefined when there is no sample; NaN is told as it is.
 * More than one sample is a fault of the query.
 */
export async function measure(
  context: StepContext<unknown>,
  asked: { readonly connection: string; readonly query: string },
): Promise<number | undefined> {
  const connection = context.plan.connections[asked.connection] as unknown as Connection | undefined;
  const query = fillQuery(context, asked.query);
  const values =
    connection?.kind === 'exposition'
      ? await fromExposition(context, asked.connection, { path: connection.metrics_path ?? '/metrics', query })
      : connection?.kind === 'http'
        ? undefined
        : await fromPrometheus(context, asked.connection, query);
  if (!values)
    throw new StepFailed(
      `The connection ${asked.connection} tells no metrics; its kind has to be prometheus or exposition.`,
    );
  if (values.length > 1)
    throw new StepFailed(
      `The query ${query} gives ${values.length} values and has to give one; sum them or name more labels.`,
    );
  return values[0];
}

function fillQuery(context: StepContext<unknown>, query: string): string {
  const cut = templateParts(query);
  if (cut.ok && cut.parts.length === 1 && cut.parts[0]!.kind === 'expression')
    throw new StepFailed('A metrics query cannot be one expression as a whole; write it out and insert only names.');
  const filled = context.fill(query, {
    encode: (value) => {
      if (insertable.test(value)) return value;
      throw new StepFailed(`"${value.slice(0, 60)}" cannot be put into a metrics query.`);
    },
  });
  if (!filled.ok) throw new StepFailed(`The metrics query cannot be filled in: ${filled.message}.`);
  return String(filled.value);
}

async function fromExposition(
  context: StepContext<unknown>,
  connection: string,
  ask: { readonly path: string; readonly query: string },
): Promise<readonly number[]> {
  const answer = await context.request(connection, {
    method: 'GET',
    path: ask.path,
    headers: { accept: 'text/plain' },
  });
  const values = selectSamples(String(answer.body ?? ''), ask.query);
  if (!values)
    throw new StepFailed(`${ask.query} is not a metric of a connection of kind exposition; write name{label="value"}.`);
  return values;
}

async function fromPrometheus(
  context: StepContext<unknown>,
  connection: string,
  query: string,
): Promise<readonly number[]> {
  const path = `/api/v1/query?${new URLSearchParams({ query }).toString()}`;
  const { body } = await context.request(connection, { method: 'GET', path });
  const data = field(body, 'data');
  const result = field(data, 'result');
  if (field(body, 'status') !== 'success' || !Array.isArray(result))
    throw new StepError(`${connection} answered something that is no answer of Prometheus.`);
  if (field(data, 'resultType') === 'scalar') return [numberOf(String((result as readonly Json[])[1]))];
  return (result as readonly Json[]).map((series) => {
    const value = field(series, 'value');
    return Array.isArray(value) ? numberOf(String((value as readonly Json[])[1])) : Number.NaN;
  });
}

function field(value: Json | undefined, name: string): Json | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return (value as { readonly [key: string]: Json })[name];
}
