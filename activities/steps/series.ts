import type { Connection } from '../../src/connections/schema';
import type { Json } from '../../src/json';
import type { Sample } from '../../src/triggers/watch-news';
import { numberOf, selectSamples } from '../adapters/exposition';
import { StepError, StepFailed } from './outcomes';
import type { StepContext } from './step-kind';

/** The present values of a query, one for each series. NaN and infinities are told as they are. */
export async function readSeries(
  over: Pick<StepContext, 'request'>,
  asked: { readonly name: string; readonly connection: Connection | undefined; readonly query: string },
): Promise<readonly Sample[]> {
  const { name, connection, query } = asked;
  switch (connection?.kind) {
    case 'exposition':
      return fromExposition(over, name, { path: connection.metrics_path ?? '/metrics', query });
    case 'http':
      throw new StepFailed(`The connection ${name} tells no metrics; its kind has to be prometheus or exposition.`);
    default:
      return fromPrometheus(over, name, query);
  }
}

async function fromExposition(
  over: Pick<StepContext, 'request'>,
  connection: string,
  ask: { readonly path: string; readonly query: string },
): Promise<readonly Sample[]> {
  const answer = await over.request(connection, { method: 'GET', path: ask.path, headers: { accept: 'text/plain' } });
  const samples = selectSamples(String(answer.body ?? ''), ask.query);
  if (!samples)
    throw new StepFailed(`${ask.query} is not a metric of a connection of kind exposition; write name{label="value"}.`);
  return samples;
}

async function fromPrometheus(
  over: Pick<StepContext, 'request'>,
  connection: string,
  query: string,
): Promise<readonly Sample[]> {
  const path = `/api/v1/query?${new URLSearchParams({ query }).toString()}`;
  const { body } = await over.request(connection, { method: 'GET', path });
  const data = field(body, 'data');
  const result = field(data, 'result');
  if (field(body, 'status') !== 'success' || !Array.isArray(result))
    throw new StepError(`${connection} answered something that is no answer of Prometheus.`);
  const items = result as readonly Json[];
  if (field(data, 'resultType') === 'scalar') return [{ labels: {}, value: numberOf(String(items[1])) }];
  return items.map((series) => {
    const value = field(series, 'value');
    const number = Array.isArray(value) ? numberOf(String((value as readonly Json[])[1])) : Number.NaN;
    return { labels: labelsOf(field(series, 'metric')), value: number };
  });
}

function labelsOf(metric: Json | undefined): Sample['labels'] {
  if (typeof metric !== 'object' || metric === null || Array.isArray(metric)) return {};
  return Object.fromEntries(Object.entries(metric).map(([name, value]) => [name, String(value)]));
}

function field(value: Json | undefined, name: string): Json | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return (value as { readonly [key: string]: Json })[name];
}
