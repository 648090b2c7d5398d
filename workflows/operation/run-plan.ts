import { condition, ParentClosePolicy, startChild } from '@temporalio/workflow';
import type { Fence } from '../../src/ledger/fence';
import type { Notice } from '../../src/messages/notice';
import type { RunResult } from '../../src/operation/outcome';
import { laneId, RUN_ACT, runId, WORKFLOWS } from '../contract';
import type { LaneTaken } from '../lane';
import type { run } from '../run';
import { Line } from '../run/line';
import type { RunAct, RunInput, RunProgress } from '../run/state';
import type { Life } from './life';

/** What an operation can say to its run, and what it last heard. */
export interface RunHandle {
  abort(act: { readonly by: string; readonly reason?: string; readonly undo?: 'no' }): void;
  /** Undo, unless all is done and only watched. */
  rollBack(act: { readonly by: string; readonly reason: string }): void;
  taken(taken: LaneTaken): void;
  tell(act: RunAct): void;
  progress(progress: RunProgress): void;
  failure?: RunProgress['failure'];
  /** The question that people were last called for. */
  asked?: string;
}

/** Runs the plan as a child and mirrors its progress on the card. */
export async function runPlan(
  life: Life,
  spec: Pick<RunInput, 'plan' | 'late'> & { readonly fence?: Fence },
): Promise<RunResult> {
  const { request } = life.facts;
  const input: RunInput = {
    ...spec,
    operationId: request.id,
    request: life.input.request,
    timings: life.input.timings,
  };
  const line = new Line();
  const handle = handleFor(life, (act) => line.say(act));
  life.runHandle = handle;
  const child = await startChild<typeof run>(WORKFLOWS.run, {
    workflowId: runId(request.id),
    args: [input],
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    staticSummary: `Run of ${request.id}`.slice(0, 200),
  });
  line.open((act) => void child.signal(RUN_ACT, act).catch(() => undefined));
  if (life.cancelled) handle.abort({ by: life.cancelled.by });
  // Heard while the run was not there yet.
  if (life.takenBy) handle.taken(life.takenBy);
  const result = await child.result();
  // The run's last signals were accepted before its result; this lets their handlers come first.
  await condition(() => true);
  return result;
}

function handleFor(life: Life, send: (act: RunAct) => void): RunHandle {
  const { request } = life.facts;
  const lane = () => life.facts.judgement?.lane;
  const tellLane = (status: 'running' | 'watching' | 'needs_hands' | 'aborting') => {
    const where = lane();
    life.place.tell(where && laneId(where), request.id, status);
  };
  const handle: RunHandle = {
    tell: send,
    abort: (act) => {
      tellLane('aborting');
      send({ kind: 'abort', ...act });
    },
    rollBack: (act) => send({ kind: 'roll_back', ...act }),
    taken: ({ by, because }) =>
      send(because === 'newer' ? { kind: 'finish_watch', because: 'superseded' } : { kind: 'taken_over', by }),
    progress: (progress) => {
      const entered = phases[progress.phase];
      life.facts.steps = life.facts.steps.map((row) =>
        Object.hasOwn(progress.steps, row.path) ? { ...row, ...progress.steps[row.path] } : row,
      );
      for (const detail of progress.details) life.courier.thread(stepDetail(request.id, detail));
      if (progress.log) [life.facts.log, life.facts.logMode] = [progress.log.step, progress.log.mode];
      const { failure } = progress;
      // A step that asks has not failed for good, and the one after it asks anew.
      if (failure && progress.phase !== 'asks') handle.failure ??= failure;
      const asksAnew = hearQuestion(life, handle, progress);
      if (asksAnew && entered === 'needs_decision') callForDecision(life, progress);
      if (progress.failure?.missed) life.facts.missed = progress.failure.missed;
      if ((life.facts.state === entered && !asksAnew) || life.box.work === 'finished') return life.changed();
      if (entered === 'watching') tellLane('watching');
      if (entered === 'needs_hands') callForHands(life, progress, () => tellLane('needs_hands'));
      life.enter(entered, progress.failure?.reason);
    },
  };
  return handle;
}

/** Takes over what the run asks people now; gives whether it is another question than the last one. */
function hearQuestion({ facts }: Life, handle: RunHandle, { phase, failure, steps }: RunProgress): boolean {
  const isAsked = phase === 'asks' || phase === 'needs_hands';
  const id = isAsked ? failure?.question : undefined;
  // Runs that began before questions had names tell only what is asked about.
  const asked = id ?? (phase === 'asks' ? `${failure?.step}: ${failure?.reason}` : undefined);
  const isNew = asked !== undefined && asked !== handle.asked;
  handle.asked = asked;
  facts.asked = id === undefined ? undefined : { id, step: failure!.step };
  // A step that is over may run once more, and be passed over then.
  facts.decided = facts.decided?.filter((path) => !steps[path] || steps[path].state === 'running');
  return isNew;
}

/** What a step said, with the way to all that it wrote. */
export function stepDetail(operationId: string, detail: RunProgress['details'][number]): Notice {
  const { log, logMode: mode, ...said } = detail;
  const way = log === undefined ? {} : { log: { operationId, step: log, ...(mode && { mode }) } };
  return { kind: 'step_detail', ...said, ...way };
}

const phases = {
  work: 'running',
  watch: 'watching',
  held: 'held',
  undo: 'undoing',
  needs_hands: 'needs_hands',
  asks: 'needs_decision',
} as const;

function callForDecision(life: Life, progress: RunProgress): void {
  const { requester } = life.facts.request;
  life.courier.thread(
    {
      kind: 'needs_decision',
      title: life.title,
      step: progress.failure?.step ?? 'a step',
      reason: progress.failure?.reason ?? '',
      mention: requester.kind === 'person' ? [`user:${requester.id}`] : [],
    },
    { broadcast: true },
  );
}

function callForHands(life: Life, progress: RunProgress, tellLane: () => void): void {
  tellLane();
  const { requester } = life.facts.request;
  life.courier.thread(
    {
      kind: 'needs_hands',
      title: life.title,
      step: progress.failure?.step ?? 'an undo',
      reason: progress.failure?.reason ?? '',
      mention: requester.kind === 'person' ? [`user:${requester.id}`] : [],
    },
    { broadcast: true },
  );
}
