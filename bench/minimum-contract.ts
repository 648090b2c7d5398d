import type { RunStepInput } from '../src/operation/runner-ports';

/** Names that the parts of the hand-written minimum share. */
export const BARE_QUEUE = 'bare';
export const BARE_APPROVE = 'approve';

export interface BareCard {
  readonly channel: string;
  readonly ts: string;
}

export interface BareActivities {
  postCard(spec: { readonly channel: string; readonly text: string; readonly workflowId: string }): Promise<BareCard>;
  updateCard(spec: { readonly card: BareCard; readonly text: string }): Promise<void>;
  callOut(spec: { readonly url: string; readonly key: string }): Promise<number>;
}

/** The steps of a run of ours, to be called by hand. */
export interface SameSteps {
  readonly taskQueue: string;
  readonly heartbeatMs: number;
  readonly timeoutMs: number;
  readonly steps: readonly RunStepInput[];
}
