import { isCancellation } from '@temporalio/workflow';
import type { JsonObject } from '../../src/json';
import type { JudgeInput } from '../../src/operation/judgement';
import type { PlanOutline } from '../../src/operation/plan';
import { stepOn } from '../activities';
import type { OperationTimings } from '../contract';
import { outputIn, reasonOf } from '../say';
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

/** Read-only steps before the verdict: in order, nothing to undo, results by step path, and what each has to say to people. */
async function resolveSteps(spec: {
  readonly plan: PlanOutline;
  readonly operationId: string;
  readonly timings: OperationTimings;
}): Promise<{ readonly outputs: JsonObject; readonly details: readonly Detail[] }> {
  const details: Detail[] = [];
  const outputs: { [path: string]: JsonObject } = {};
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
