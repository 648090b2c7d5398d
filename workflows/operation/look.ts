import { isCancellation } from '@temporalio/workflow';
import type { Json, JsonObject } from '../../src/json';
import type { JudgeInput } from '../../src/operation/judgement';
import type { PlanOutline } from '../../src/operation/plan';
import { stepOn } from '../activities';
import type { OperationTimings } from '../contract';
import { outputIn, reasonOf } from '../say';
import { Ended } from './ended';
import { foundOf, type Detail } from './found';
import type { Life } from './life';
import { stepDetail } from './run-plan';
import type { Admitted } from './state';

/** Looks before anybody is asked. What it finds is on the card, and in full below it, when the first mention comes. */
export async function look(life: Life, admission: Admitted): Promise<Pick<JudgeInput, 'resolved' | 'found'>> {
  if (!admission.resolve) return { resolved: {} };
  life.openCard();
  life.enter('preparing', 'Looking at what is there now, before anybody is asked.');
  const { outputs, details } = await resolveSteps({
    plan: admission.resolve,
    operationId: life.facts.request.id,
    timings: life.input.timings,
  });
  for (const detail of details) {
    life.courier.thread(stepDetail(life.facts.request.id, detail));
    if (detail.log !== undefined) life.facts.log = detail.log;
  }
  life.facts.found = foundOf(details);
  return { resolved: outputs, ...(details.length > 0 && { found: life.facts.found }) };
}

/** How often what was looked at may be another thing just before the first side effect, until it is given up. */
const maxChanges = 5;

/**
 * Does the `resolve` steps that say so once more, just before the first side effect. Where one of them finds something
 * else than what people were asked about, everything is looked at anew, and the plan that comes of it is another one.
 */
export async function lookAgain(life: Life, base: JudgeInput): Promise<JudgeInput> {
  const { admission, resolved } = base;
  const again = admission.resolve?.steps.filter(({ recheck }) => recheck) ?? [];
  if (again.length === 0) return base;
  life.enter('checking', 'Looking once more whether what was found before is still so.');
  const { outputs } = await resolveSteps({
    plan: { ...admission.resolve!, steps: again },
    known: resolved as { readonly [path: string]: JsonObject },
    operationId: life.facts.request.id,
    timings: life.input.timings,
  });
  const moved = again.find(({ path }) => !isSame(outputs[path], resolved[path]));
  if (!moved) return base;
  life.looks += 1;
  if (life.looks > maxChanges)
    throw new Ended({
      kind: 'failed',
      sentence: `“${moved.name}” finds something else each time it is looked at, so nothing was changed; whoever looks after the runbook makes it tell only what the work depends on, or leaves out "recheck".`,
    });
  life.courier.thread({
    kind: 'changed',
    message: `“${moved.name}” finds something else now than before, so nothing has been changed; everything is looked at anew.`,
  });
  return { request: base.request, asker: base.asker, admission, ...(await look(life, admission)) };
}

function isSame(left: Json | undefined, right: Json | undefined): boolean {
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return left === right;
  const names = Object.keys(left);
  return (
    Array.isArray(left) === Array.isArray(right) &&
    names.length === Object.keys(right).length &&
    names.every((name) => Object.hasOwn(right, name) && isSame((left as JsonObject)[name], (right as JsonObject)[name]))
  );
}

/** Read-only steps before the verdict: in order, nothing to undo, results by step path, and what each has to say to people. */
async function resolveSteps(spec: {
  readonly plan: PlanOutline;
  /** What other steps have found before. */
  readonly known?: { readonly [path: string]: JsonObject };
  readonly operationId: string;
  readonly timings: OperationTimings;
}): Promise<{ readonly outputs: JsonObject; readonly details: readonly Detail[] }> {
  const details: Detail[] = [];
  const outputs: { [path: string]: JsonObject } = { ...spec.known };
  for (const step of spec.plan.steps) {
    const look = { planDigest: spec.plan.digest, path: step.path, mode: 'do', outputs, late: {} } as const;
    try {
      const key = `${spec.operationId}/resolve/${step.path}`;
      const result = await stepOn(step, spec.timings).runStep({ ...look, key });
      outputs[step.path] = result.outputs;
      if (result.status !== 'skipped')
        details.push({
          step: step.name,
          summary: result.summary,
          lines: result.detail ?? [],
          ...(result.log ? { log: step.path } : {}),
        });
    } catch (error) {
      if (step.onFailure !== 'continue' || isCancellation(error)) throw error;
      outputs[step.path] = {};
      const { detail: lines = [], log } = outputIn(error);
      const wrote = { lines, ...(log ? { log: step.path } : {}) };
      details.push({ step: step.name, summary: `Not known: ${reasonOf(error)}`, ...wrote });
    }
  }
  return { outputs, details };
}
