import type { OperationRequest, Relayed } from '../operation/request';

/** Something happened that a runbook starts by. */
export interface Firing {
  readonly runbook: string;
  /** What has the same key is the same matter. */
  readonly key: string;
  /** Equal for what is told again, such as an alert that still fires. */
  readonly event: string;
  readonly cooldownMs: number;
  /** Starts of the runbook in 24 hours. */
  readonly perDay?: number;
  readonly title: string;
  readonly request: Relayed<OperationRequest>;
}

/** A start of a runbook. */
export interface Fired {
  readonly runbook: string;
  readonly key: string;
  readonly operation: string;
  readonly atMs: number;
  /** Until then the same matter starts nothing more. */
  readonly coolUntilMs: number;
  /** Events that people have been told of. */
  readonly events: readonly string[];
}

/** How an operation stands; `unknown`: it ended so long ago that nobody knows when. */
export type Ending =
  { readonly is: 'open' } | { readonly is: 'over'; readonly atMs: number } | { readonly is: 'unknown' };

export type FiringAnswer =
  | { readonly does: 'start' }
  | {
      readonly does: 'join' | 'cool' | 'full';
      /** The start below whose card it is said. */
      readonly of: Fired;
      /** Whether it was told before. */
      readonly isToldAgain: boolean;
    };

const dayMs = 86_400_000;
const mostEvents = 50;

/** The newest start about the same matter. */
export function lastOf(fired: readonly Fired[], { runbook, key }: Pick<Firing, 'runbook' | 'key'>): Fired | undefined {
  return fired.findLast((each) => each.runbook === runbook && each.key === key);
}

/**
 * Whether something starts its runbook. While an operation about the same matter is open it joins that one; after its
 * end, nothing is started until the cooldown has passed, nor more in 24 hours than the runbook says. `last`: how the
 * operation of the newest start about the same matter stands.
 */
export function answerTo(
  fired: readonly Fired[],
  firing: Firing,
  about: { readonly nowMs: number; readonly last?: Ending },
): FiringAnswer {
  const last = lastOf(fired, firing);
  const held = (does: 'join' | 'cool' | 'full', of: Fired): FiringAnswer => ({
    does,
    of,
    isToldAgain: of.events.includes(firing.event),
  });
  if (last && about.last?.is === 'open') return held('join', last);
  const endedMs = about.last?.is === 'over' ? about.last.atMs : -Infinity;
  if (last && about.nowMs < Math.max(last.coolUntilMs, endedMs + firing.cooldownMs)) return held('cool', last);
  const today = fired.filter(({ runbook, atMs }) => runbook === firing.runbook && about.nowMs - atMs < dayMs);
  const newest = today.at(-1);
  if (newest && firing.perDay !== undefined && today.length >= firing.perDay) return held('full', newest);
  return { does: 'start' };
}

/** With one more start. */
export function started(fired: readonly Fired[], firing: Firing, nowMs: number): readonly Fired[] {
  const { runbook, key, event, cooldownMs, request } = firing;
  const operation = request.body.id;
  return [...fired, { runbook, key, operation, atMs: nowMs, coolUntilMs: nowMs + cooldownMs, events: [event] }];
}

/** With an event that people have been told of. */
export function told(fired: readonly Fired[], of: Fired, event: string): readonly Fired[] {
  return fired.map((each) =>
    each.operation === of.operation ? { ...each, events: [...each.events, event].slice(-mostEvents) } : each,
  );
}

/** When a start may say nothing any more, ms since the epoch: once its operation is over. */
export function staleAtMs({ atMs, coolUntilMs }: Fired): number {
  return Math.max(atMs + dayMs, coolUntilMs);
}

/** Whether a start still says something at an instant, with its operation as far as that. */
export function isTelling(fired: Fired, at: { readonly nowMs: number; readonly ending: Ending }): boolean {
  if (at.nowMs < staleAtMs(fired) || at.ending.is === 'open') return true;
  const cooldownMs = fired.coolUntilMs - fired.atMs;
  return at.ending.is === 'over' && at.nowMs < at.ending.atMs + cooldownMs;
}

/** One sentence for the thread of the card that it joins. */
export function firingWords(firing: Firing, answer: Extract<FiringAnswer, { of: Fired }>): string {
  const again = `It happened again (${firing.key})`;
  switch (answer.does) {
    case 'join':
      return `${again} while this is under way, so nothing more was started.`;
    case 'cool':
      return `${again} and started nothing, because the cooldown of ${firing.runbook} has not passed yet; look whether this has helped.`;
    case 'full':
      return `${firing.runbook} was to start once more (${firing.key}) and was not started, because it starts at most ${firing.perDay} times in 24 hours; look at the cause, or ask for it with /runbook run ${firing.runbook}.`;
  }
}
