import type { Connection } from '../../src/connections/schema';
import { templateParts } from '../../src/runbooks/expressions';
import { StepFailed } from './outcomes';
import { readSeries } from './series';
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
  const values = (await readSeries(context, { name: asked.connection, connection, query })).map(({ value }) => value);
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
