import type { Json } from '../../src/json';
import { parseDuration } from '../../src/runbooks/duration';
import {
  kafkaConnectConnector,
  type KafkaConnectConnectorWith,
} from '../../src/runbooks/kinds/kafka-connect-connector';
import { NotYet, StepFailed, type StepAnswer } from './outcomes';
import { stepKind, type StepContext } from './step-kind';

type Context = StepContext<KafkaConnectConnectorWith>;
type Config = { readonly [key: string]: string };

/** Setting of a connector that names the operation which made it; Connect keeps settings that it does not know. */
const mark = 'signalbox.operation';

export const runKafkaConnectConnector = stepKind<KafkaConnectConnectorWith>(kafkaConnectConnector, (context) =>
  context.given.delete ? remove(context) : put(context),
);

async function put(context: Context): Promise<StepAnswer> {
  const { given, plan } = context;
  const there = await configThere(context);
  const wanted: { [key: string]: string } = { name: given.name };
  for (const [key, value] of Object.entries(given.config!)) wanted[key] = String(value);
  for (const [key, reference] of Object.entries(given.secrets ?? {})) wanted[key] = await context.secret(reference);
  // One that was there before never becomes ours, so that no undo takes it away.
  wanted[mark] = there ? (there[mark] ?? '') : plan.operation.id;
  if (!there || !isSame(there, wanted)) {
    const path = `${pathOf(given.name)}/config`;
    const body = { type: 'application/json', content: JSON.stringify(wanted) };
    const answer = await context.request(given.connection, { method: 'PUT', path, body, status: [409] });
    throw notYet(context, answer.status === 409 ? 'Connect is sharing out its work' : 'it was put a moment ago');
  }
  return judge(context, wanted[mark] === plan.operation.id);
}

async function judge(context: Context, made: boolean): Promise<StepAnswer> {
  const { connection, name } = context.given;
  const path = `${pathOf(name)}/status`;
  const { status, body } = await context.request(connection, { method: 'GET', path, status: [404, 409] });
  if (status !== 200) throw notYet(context, 'Connect does not tell its state yet');
  const state = textAt(body, ['connector', 'state']);
  const listed = at(body, ['tasks']);
  const tasks = Array.isArray(listed) ? (listed as readonly Json[]) : [];
  for (const failed of [at(body, ['connector']), ...tasks])
    if (textAt(failed, ['state']) === 'FAILED') throw failedOf(name, failed);
  const running = tasks.filter((task) => textAt(task, ['state']) === 'RUNNING').length;
  // Connect tells of a connector before it tells of its tasks: none is not all.
  if (state !== 'RUNNING' || tasks.length === 0 || running < tasks.length)
    throw notYet(context, `it is ${state || 'not known'}, and ${running} of ${tasks.length} tasks are running`);
  return { tells: { state, tasks: tasks.length, made }, summary: `${name} and its ${tasks.length} tasks are running` };
}

async function remove(context: Context): Promise<StepAnswer> {
  const { connection, name, of } = context.given;
  const there = await configThere(context);
  const gone = { tells: { state: '', tasks: 0, made: false }, summary: `${name} is not there` };
  if (!there) return gone;
  if (of === 'operation' && there[mark] !== context.plan.operation.id)
    return { ...gone, summary: `${name} is not of this operation and stays` };
  await context.request(connection, { method: 'DELETE', path: pathOf(name), status: [404, 409] });
  if (await configThere(context)) throw notYet(context, 'it is being deleted');
  return { ...gone, summary: `${name} was deleted` };
}

async function configThere({ given, request }: Context): Promise<Config | undefined> {
  const path = `${pathOf(given.name)}/config`;
  const { status, body } = await request(given.connection, { method: 'GET', path, status: [404] });
  if (status === 404) return undefined;
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new StepFailed(`${given.connection} answered something that is no answer of Kafka Connect.`);
  return Object.fromEntries(Object.entries(body).map(([key, value]) => [key, String(value)]));
}

function isSame(there: Config, wanted: Config): boolean {
  const keys = Object.keys(wanted);
  return keys.length === Object.keys(there).length && keys.every((key) => there[key] === wanted[key]);
}

function failedOf(name: string, failed: Json | undefined): StepFailed {
  const trace = textAt(failed, ['trace']).split('\n');
  const causes = trace.filter((line) => line.startsWith('Caused by: ')).map((line) => line.slice('Caused by: '.length));
  const words = [trace[0] ?? '', ...causes.slice(-1)].filter((line) => line !== '').join('; ');
  return new StepFailed(
    `The connector ${name} failed: ${words.replace(/\s+/g, ' ').slice(0, 500) || 'it does not say why'}.`,
  );
}

function notYet({ given }: Context, words: string): NotYet {
  return new NotYet(`waits for ${given.name}: ${words}`, parseDuration(given.every ?? '') ?? 2_000);
}

function pathOf(name: string): string {
  return `/connectors/${encodeURIComponent(name)}`;
}

function at(value: Json | undefined, path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner) && Object.hasOwn(inner, key)
        ? (inner as { readonly [key: string]: Json })[key]
        : undefined,
    value,
  );
}

function textAt(value: Json | undefined, path: readonly string[]): string {
  const found = at(value, path);
  return typeof found === 'string' ? found : '';
}
