import { inputsInFull, type Inputs } from '../../src/operation/inputs-on-card';
import type { Courier } from '../courier';
import type { Life } from './life';
import { rowsOf } from './rows';
import type { Allowed } from './state';

/** A judgement comes onto the card, and what the card shows only a part of into the thread, before anybody is called. */
export function show(life: Pick<Life, 'facts' | 'courier'>, judgement: Allowed): void {
  const { facts, courier } = life;
  const before = facts.judgement;
  facts.judgement = judgement;
  facts.steps = rowsOf(judgement.plan.steps);
  const { inputs = {} } = judgement;
  const isSaid = before !== undefined && JSON.stringify(before.inputs ?? {}) === JSON.stringify(inputs);
  if (!isSaid) tellInFull(courier, { reason: facts.request.reason, inputs });
}

/** What a card shows only a part of, in its thread; nothing when it shows all. */
export function tellInFull(
  courier: Pick<Courier, 'thread'>,
  asked: { readonly reason?: string; readonly inputs: Inputs },
): void {
  const { messages, left } = inputsInFull(asked);
  for (const [index, pieces] of messages.entries()) {
    const isLast = index === messages.length - 1;
    courier.thread({ kind: 'inputs', pieces, ...(isLast && left > 0 ? { left } : {}) });
  }
}
