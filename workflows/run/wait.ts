import { sleep } from '@temporalio/workflow';
import { formatDuration, parseDuration } from '../../src/runbooks/duration';
import type { JsonObject } from '../../src/json';
import type { StepOutline } from '../../src/operation/plan';
import { reading } from '../activities';
import { instant } from '../say';
import type { Carried } from './walk';
import type { Walker } from './walker';

interface WaitTold {
  readonly for?: string;
  readonly until?: string;
  readonly window?: string;
  readonly signal?: string;
}

/** Waits for a time, an instant, a window or a word from outside. What is held or called off begins anew. */
export async function waitFor(walker: Walker, step: StepOutline, told: JsonObject): Promise<Carried> {
  const { for: length, until, window, signal } = told as WaitTold;
  const forMs = length === undefined ? undefined : parseDuration(length);
  if (signal !== undefined) return untilSignal(walker, step, { signal, forMs });
  if (window !== undefined) return untilWindow(walker, step, { window, forMs });
  if (until !== undefined) {
    const at = Date.parse(until);
    if (Number.isNaN(at)) return failed(step, `"${until}" is not an instant.`);
    await rest(walker, step, at - Date.now());
    return { kind: 'done', told: {}, summary: `waited until ${until}` };
  }
  await rest(walker, step, forMs ?? 0);
  return { kind: 'done', told: {}, summary: `waited for ${formatDuration(forMs ?? 0)}` };
}

interface Bounded {
  readonly forMs: number | undefined;
}

async function untilSignal(
  walker: Walker,
  step: StepOutline,
  { signal, forMs }: Bounded & { readonly signal: string },
): Promise<Carried> {
  const came = await walker.under(step, () => walker.walk.controls.signalled(signal, forMs));
  if (came) return { kind: 'done', told: { signal: came }, summary: `the signal ${signal} came` };
  return failed(step, `The signal ${signal} did not come within ${formatDuration(forMs ?? 0)}.`);
}

async function untilWindow(
  walker: Walker,
  step: StepOutline,
  { window, forMs }: Bounded & { readonly window: string },
): Promise<Carried> {
  const lastMs = forMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + forMs;
  while (true) {
    const ask = () => reading(walker.walk.input.timings).windowOpening({ window });
    const { atMs } = await walker.under(step, ask);
    if (atMs === undefined) return failed(step, `The window ${window} never opens again.`);
    if (atMs <= Date.now()) return { kind: 'done', told: {}, summary: `the window ${window} is open` };
    if (atMs > lastMs)
      return failed(
        step,
        `The window ${window} opens at ${instant(atMs)}, and this step waits for ${formatDuration(forMs ?? 0)} at most; start it closer to that, or give the step a longer "for".`,
      );
    await rest(walker, step, atMs - Date.now());
  }
}

async function rest(walker: Walker, step: StepOutline, ms: number): Promise<void> {
  if (ms > 0) await walker.under(step, () => sleep(ms));
}

function failed(step: StepOutline, reason: string): Carried {
  return { kind: 'failed', failure: { step: step.name, reason } };
}
