import type { Asked, AskedOf } from '../src/commands/asked';
import type { HoldAct, Holds } from '../src/holds/holds';
import { noHolds } from '../src/holds/holds';
import { holdsIn } from '../src/holds/read-holds';
import type { ActAnswer } from '../src/operation/ports';
import { parseDuration } from '../src/runbooks/duration';
import { HOLDS_ID, HOLDS_MEMO, WORKFLOWS } from '../workflows/contract';
import type { Answer, AnswerDeps } from './answers';
import type { BotDeps } from './deps';
import { actBodyOf, notAfter, type AskedFrom } from './requests';
import { told } from './said';
import type { Relay } from './relaying';
import { bounded, isGone, within } from './temporal';
import { actResult, relayAct } from './votes';

type HoldAsked = AskedOf<Extract<Asked['kind'], `hold.${string}`>>;

export function isHoldAsked(asked: Asked): asked is HoldAsked {
  return asked.kind.startsWith('hold.');
}

/** What is locked, frozen and stopped, as the workflow that keeps it says; no worker is needed. */
export async function holdsNow({ temporal, waits }: Pick<BotDeps, 'temporal' | 'waits'>): Promise<Holds> {
  try {
    const described = await within(temporal, waits.look, () => temporal.workflow.getHandle(HOLDS_ID).describe());
    return holdsIn(described, { type: WORKFLOWS.holds, memo: HOLDS_MEMO });
  } catch (error) {
    if (isGone(error)) return noHolds;
    throw error;
  }
}

/** Hands over what somebody does to a lock, a freeze or the stop; it is durable before the answer is waited for. */
export async function actOnHolds(deps: AnswerDeps, asked: HoldAsked, from: AskedFrom): Promise<Answer> {
  const made = await actOf(deps, asked, from.requester.id);
  if (typeof made === 'string') return { kind: 'refused', code: 'bad_request', sentence: made };
  const body = actBodyOf(deps, { workflowId: HOLDS_ID, act: made, from });
  const relayed = await relayAct(deps, { body, notAfter: notAfter(deps) });
  if (relayed.kind !== 'accepted') return told(await actResult(relayed), 'away');
  await from.onKept?.();
  return answerOf(relayed);
}

async function answerOf(relayed: Extract<Relay<ActAnswer>, { kind: 'accepted' }>): Promise<Answer> {
  const answer = await relayed.answer();
  if (answer === undefined)
    return {
      kind: 'told',
      sentence:
        'It has arrived and is still being looked at; you are told what comes of it, and /signalbox locks shows what is held.',
    };
  const { sentence, about } = answer;
  const rest = about === undefined ? { sentence } : { sentence, about };
  return answer.kind === 'done' ? { kind: 'told', ...rest } : { kind: 'refused', code: 'bad_request', ...rest };
}

/** What was typed with its length and its end as numbers and instants; a sentence when that cannot be. */
async function actOf(deps: AnswerDeps, asked: HoldAsked, person: string): Promise<HoldAct | string> {
  switch (asked.kind) {
    case 'hold.lock': {
      const { service, environment, reason, change } = asked;
      const forMs = asked.for === undefined ? undefined : parseDuration(asked.for);
      const rest = { ...(forMs === undefined ? {} : { forMs }), ...(change === undefined ? {} : { change }) };
      return { kind: 'lock', service, environment, reason, ...rest };
    }
    case 'hold.unlock': {
      const { service, environment } = asked;
      return { kind: 'unlock', service, environment, ...reasonOf(asked) };
    }
    case 'hold.hand_over': {
      const { service, environment, to } = asked;
      return { kind: 'hand_over', service, environment, to, ...reasonOf(asked) };
    }
    case 'hold.freeze':
      return freezeOf(deps, asked, person);
    case 'hold.thaw':
      return { kind: 'thaw', ...placeOf(asked) };
    case 'hold.stop':
      return { kind: 'stop', reason: asked.reason };
    case 'hold.go':
      return { kind: 'go', ...reasonOf(asked) };
  }
}

async function freezeOf(deps: AnswerDeps, asked: AskedOf<'hold.freeze'>, person: string): Promise<HoldAct | string> {
  const base = { kind: 'freeze', ...placeOf(asked), reason: asked.reason } as const;
  const ms = asked.for === undefined ? undefined : parseDuration(asked.for);
  if (ms !== undefined) return { ...base, until: new Date(deps.now().getTime() + ms).toISOString() };
  if (asked.until === undefined) return base;
  const understood = await bounded(deps.understand({ text: asked.until, person }), deps.waits.catalogue).catch(
    () => undefined,
  );
  if (understood === undefined)
    return 'Nothing was frozen, because the policy repository did not say in time in which time zone that is; write "for 2h" instead, or try again.';
  return understood.ok ? { ...base, until: understood.at.toISOString() } : understood.problem;
}

function placeOf({ environment, service }: { readonly environment: string; readonly service?: string }) {
  return { environment, ...(service === undefined ? {} : { service }) };
}

function reasonOf({ reason }: { readonly reason?: string }): { readonly reason?: string } {
  return reason === undefined ? {} : { reason };
}
