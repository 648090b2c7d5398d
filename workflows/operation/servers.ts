import { inputsKey } from '../../src/operation/plan';
import type { JsonObject } from '../../src/json';
import type { RunResult } from '../../src/operation/outcome';
import type { JudgedServer } from '../../src/operation/judgement';
import type { ResourceChange } from '../../src/resources/resource';
import { reading } from '../activities';
import { changeBy } from './change-by';
import type { Life } from './life';
import type { Allowed } from './state';

type Begun = NonNullable<RunResult['begun']>;

/** What the intent says of the servers that are to be created and removed. */
export function serversBegin(life: Life, { servers = [] }: Allowed): readonly ResourceChange[] {
  return servers.map((server) =>
    server.act === 'create'
      ? { ...changeBy(life, server), change: 'creating', about: server.about }
      : { ...changeBy(life, server), change: 'destroying' },
  );
}

/** What became of each by the run. */
export async function serversByRun(
  life: Life,
  judgement: Allowed,
  result: RunResult,
): Promise<readonly ResourceChange[]> {
  const { servers = [] } = judgement;
  if (servers.length === 0) return [];
  const begun = result.begun ?? { paths: [], outputs: {} };
  const told = await outputsOf(life, servers, begun);
  return servers.map((server): ResourceChange => {
    const by = changeBy(life, server);
    const end = endOf(server, { judgement, result, begun });
    if (end === 'made') return { ...by, change: 'made', outputs: told[server.step] ?? {} };
    if (end === 'uncertain') return { ...by, change: 'uncertain', because: becauseOf(result) };
    return { ...by, change: end };
  });
}

/** Where no run said anything: what was not begun is as it was. */
export function serversWithoutRun(life: Life, { servers = [] }: Allowed, because: string): readonly ResourceChange[] {
  return servers.map((server): ResourceChange => {
    const by = changeBy(life, server);
    if (life.started) return { ...by, change: 'uncertain', because };
    return { ...by, change: server.act === 'create' ? 'unmade' : 'stays' };
  });
}

interface Ran {
  readonly judgement: Allowed;
  readonly result: RunResult;
  readonly begun: Begun;
}

/** What one server is after the run, by what is left of its steps; what nobody can tell is uncertain. */
function endOf(server: JudgedServer, ran: Ran): 'made' | 'unmade' | 'uncertain' | 'stays' | 'destroyed' {
  const { step, act } = server;
  const { result, begun } = ran;
  const isBegun = inputsKey(step) in begun.outputs;
  if (!isBegun) return act === 'create' ? 'unmade' : 'stays';
  const isDone = step in begun.outputs;
  const stays = keepsSomething(server, ran);
  if (result.kind === 'undone') {
    if (!stays) return act === 'create' ? 'unmade' : 'stays';
    // What nothing puts back is as it was left: gone where its removal had come to its end.
    return act === 'destroy' && isDone ? 'destroyed' : 'uncertain';
  }
  const isWhole = isDone && (result.kind === 'done' || isUntouched(server, ran));
  if (!isWhole) return 'uncertain';
  return act === 'create' ? 'made' : 'destroyed';
}

/** Whether a step of it was begun that nothing puts back. Steps of several servers may have one name: then of each. */
function keepsSomething({ step }: JudgedServer, { judgement, result }: Ran): boolean {
  const kept = result.kind === 'undone' ? (result.kept ?? []) : [];
  return stepsOf(judgement, step).some(({ leaves, name }) => leaves === true && kept.includes(name));
}

/** Whether none of what was done for it was taken back before people left the rest as it was. */
function isUntouched({ step }: JudgedServer, { judgement, begun }: Ran): boolean {
  return stepsOf(judgement, step)
    .filter(({ hasUndo, path, control }) => hasUndo && control === 'step' && path in begun.outputs)
    .every(({ path }) => begun.paths.includes(path));
}

function stepsOf({ plan }: Allowed, group: string): Allowed['plan']['steps'] {
  return plan.steps.filter(({ path }) => path.startsWith(`${group}/`));
}

function becauseOf(result: RunResult): string {
  return result.kind === 'done' ? 'its step failed and was passed over' : result.reason;
}

/** What the handlers told. Where nobody can read it in time, nothing is recorded of it; the servers are there all the same. */
async function outputsOf(
  { input: { timings } }: Life,
  servers: readonly JudgedServer[],
  begun: Begun,
): Promise<{ readonly [step: string]: JsonObject }> {
  const wanted = servers.filter(({ act, step }) => act === 'create' && step in begun.outputs);
  const outputs = Object.fromEntries(wanted.map(({ step }) => [step, begun.outputs[step]!]));
  if (wanted.length === 0) return {};
  try {
    return await reading(timings).describeServers({ outputs });
  } catch {
    return {};
  }
}
