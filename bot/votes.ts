import { voteRefusals, type VoteAnswer, type VoteBody, type VoteRefusal } from '../src/approvals/ballot';
import { digestOf } from '../src/canonical';
import { leftIn } from '../src/holds/read-holds';
import { voteAnswerSentence } from '../src/messages/vote-words';
import type { ToldResult } from '../src/messages/vote-modals';
import type { ActAnswer, ActBody } from '../src/operation/ports';
import { relay } from '../src/operation/relay';
import {
  ACT_SIGNAL,
  ACT_UPDATE,
  HOLDS_ID,
  HOLDS_MEMO,
  holdsWaits,
  VOTE_SIGNAL,
  VOTE_UPDATE,
  WORKER_QUEUE,
  WORKFLOWS,
  type HoldsInput,
} from '../workflows/contract';
import { knownPerson, type IntakeDeps } from './intake';
import type { SecondFactors } from './second-factors';
import { relayToWorkflow, type Relay, type RelayStart } from './relaying';
import { isGone } from './temporal';

/** One vote has one id, however often and by whichever way it arrives: ballot, person and Slack's id of the click. */
export function voteId(body: Pick<VoteBody, 'ballotId' | 'by' | 'actionId'>): string {
  return digestOf({ ballot: body.ballotId, by: body.by, action: body.actionId }).slice(0, 40);
}

/**
 * Checks a code before the vote that it is for is relayed. What is given goes into the signed vote: that there was one,
 * and when, never the code.
 */
export async function secondFactorOf(
  { secondFactors }: { readonly secondFactors: SecondFactors },
  { vote, code }: { readonly vote: Pick<VoteBody, 'ballotId' | 'by' | 'actionId'>; readonly code: string | undefined },
): Promise<
  | { readonly kind: 'given'; readonly given: Pick<VoteBody, 'secondFactor'> }
  | { readonly kind: 'refused'; readonly sentence: string }
> {
  if (code === undefined) return { kind: 'given', given: {} };
  const checked = await secondFactors.check({ user: vote.by, code, use: voteId(vote) });
  return checked.ok
    ? { kind: 'given', given: { secondFactor: { at: checked.at } } }
    : { kind: 'refused', sentence: checked.sentence };
}

/** Relays a decision, signed, to the operation that owns the ballot. */
export function castVote(
  deps: IntakeDeps,
  vote: { readonly body: VoteBody; readonly notAfter: string },
): Promise<Relay<VoteAnswer>> {
  const relayed = relay('vote', vote.body, deps.relayKey);
  return relayToWorkflow<VoteBody, VoteAnswer>(deps, {
    workflowId: vote.body.operationId,
    update: VOTE_UPDATE,
    signal: VOTE_SIGNAL,
    updateId: voteId(vote.body),
    relayed,
    known: knownPerson(deps, vote.body.by),
    kept: { kind: 'vote', payload: relayed, notAfter: vote.notAfter },
    refusal: (code, detail) =>
      isVoteRefusal(code) ? { kind: 'refused', code } : { kind: 'refused', code: 'lookup_failed', detail },
  });
}

/** Relays anything else that people press: cancel, abort, the ways out of "needs hands", what is done to an incident. */
export function relayAct(
  deps: IntakeDeps,
  act: { readonly body: ActBody; readonly notAfter: string },
): Promise<Relay<ActAnswer>> {
  const relayed = relay('act', act.body, deps.relayKey);
  return relayToWorkflow<ActBody, ActAnswer>(deps, {
    workflowId: act.body.workflowId,
    update: ACT_UPDATE,
    signal: ACT_SIGNAL,
    updateId: digestOf({ by: act.body.by, action: act.body.actionId }).slice(0, 40),
    relayed,
    kept: { kind: 'act', payload: relayed, notAfter: act.notAfter },
    ...startOf(deps, act.body.workflowId),
    refusal: (_code, detail) => ({ kind: 'refused', sentence: detail }),
  });
}

/** How the workflow begins that an act may be the first for. */
export function startOf(
  { timings, temporal }: Pick<IntakeDeps, 'timings' | 'temporal'>,
  workflowId: string,
): { readonly start?: () => Promise<RelayStart> } {
  if (workflowId !== HOLDS_ID) return {};
  return {
    start: async () => {
      const { held, heldUntil } = await heldBefore(temporal);
      const input: HoldsInput = { timings, ...holdsWaits, ...(held && { held, heldUntil }) };
      // The memo counts from the first moment, before any worker has seen that it began.
      const memo = held && { memo: { [HOLDS_MEMO]: held } };
      return { type: WORKFLOWS.holds, taskQueue: WORKER_QUEUE, args: [input], ...memo };
    },
  };
}

/** What was held when the workflow of the holds was ended by force; it must not be lost with it. */
async function heldBefore(temporal: IntakeDeps['temporal']): Promise<Pick<HoldsInput, 'held' | 'heldUntil'>> {
  try {
    const described = await temporal.workflow.getHandle(HOLDS_ID).describe();
    const held = leftIn(described, { type: WORKFLOWS.holds, memo: HOLDS_MEMO });
    return { held, heldUntil: described.closeTime?.toISOString() };
  } catch (error) {
    if (isGone(error)) return {};
    throw error;
  }
}

/** What the modal shows, or the private message says, about a vote. */
export async function voteResult(relayed: Relay<VoteAnswer>): Promise<ToldResult> {
  if (relayed.kind !== 'accepted') return notAccepted(relayed, 'vote');
  const answer = await relayed.answer();
  if (answer === undefined) return pending('vote');
  return { kind: answer.kind === 'refused' ? 'refused' : 'counted', sentence: voteAnswerSentence(answer) };
}

/** The same about an act. */
export async function actResult(relayed: Relay<ActAnswer>): Promise<ToldResult> {
  if (relayed.kind !== 'accepted') return notAccepted(relayed, 'request');
  const answer = await relayed.answer();
  if (answer === undefined) return pending('request');
  return { kind: answer.kind === 'refused' ? 'refused' : 'counted', sentence: answer.sentence };
}

function notAccepted(relayed: Exclude<Relay<unknown>, { kind: 'accepted' }>, what: string): ToldResult {
  switch (relayed.kind) {
    case 'ended':
      return { kind: 'refused', sentence: relayed.sentence };
    case 'sent':
      return {
        kind: 'kept',
        sentence: `Your ${what} is handed over, but no worker has answered yet; it takes effect as soon as one does, and you are told if it does not count.`,
      };
    case 'kept':
      return {
        kind: 'kept',
        sentence: `Your ${what} is kept because Temporal does not answer right now; it is handed over as soon as it does, and you are told if that comes too late.`,
      };
    case 'lost':
      return {
        kind: 'refused',
        sentence: `Your ${what} could not be kept, because neither Temporal nor Redis answers; nothing has happened, so press again in a minute or tell whoever runs Signalbox.`,
      };
  }
}

function pending(what: string): ToldResult {
  return {
    kind: 'kept',
    sentence: `Your ${what} has arrived and is still being looked at; the card shows what comes of it.`,
  };
}

function isVoteRefusal(code: string): code is VoteRefusal {
  return (voteRefusals as readonly string[]).includes(code);
}
