import type { OperationRequest, Relayed } from '../operation/request';
import type { OperationTimings } from '../operation/timings';
import type { Ballot } from './ballot';

/** Input of the public `requestApproval` workflow: plain JSON from any language. */
export interface ApprovalAsk {
  readonly title: string;
  readonly about: string;
  readonly from: readonly (string | { readonly team: string; readonly count: number })[];
  readonly environment?: string;
  readonly channel?: string;
  readonly fields?: { readonly [name: string]: string };
  /** `24h`, `30m`. */
  readonly timeout?: string;
  readonly requester?: string;
  /** The request of the operation of which it is a step, as the bot signed it: then its requester asks. */
  readonly operation?: Relayed<OperationRequest>;
}

export interface ApprovalCaller {
  readonly workflowId: string;
  readonly parentWorkflowId?: string;
}

export type ApprovalJudgement =
  | { readonly kind: 'denied'; readonly reason: string }
  | {
      readonly kind: 'allowed';
      readonly policyCommit: string;
      readonly channel: string;
      readonly ballots: readonly Ballot[];
      readonly digest: string;
    };

export interface ApprovalAnswer {
  readonly judgement: ApprovalJudgement;
  /** The waits of this installation, which callers cannot know. */
  readonly timings: OperationTimings;
}

export interface ApprovalResult {
  readonly decision: 'approved' | 'rejected' | 'expired';
  readonly votes: readonly { readonly by: string; readonly at: string; readonly reason?: string }[];
  readonly policyCommit: string;
  readonly digest: string;
}
