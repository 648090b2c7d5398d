import type { OperationState } from '../operation/view';
import type { Severity, IncidentState } from '../incidents/incident';
import type { StepView } from '../operation/view';

/** A mark and its words: the mark never stands alone, so nothing depends on colours. */
interface Look {
  readonly mark: string;
  readonly words: string;
}

const operationLooks: { readonly [state in OperationState]: Look } = {
  preparing: { mark: '⏳', words: 'Preparing' },
  waiting: { mark: '🟡', words: 'Waiting' },
  queued: { mark: '🚦', words: 'In line' },
  checking: { mark: '🔎', words: 'Checking once more' },
  running: { mark: '🔵', words: 'Running' },
  watching: { mark: '👀', words: 'Done, being watched' },
  held: { mark: '⏸️', words: 'Held' },
  undoing: { mark: '↩️', words: 'Undoing' },
  needs_hands: { mark: '🆘', words: 'Needs hands' },
  needs_decision: { mark: '❓', words: 'Needs a decision' },
  succeeded: { mark: '✅', words: 'Succeeded' },
  rolled_back: { mark: '↩️', words: 'Rolled back' },
  failed: { mark: '❌', words: 'Failed' },
  denied: { mark: '⛔', words: 'Denied' },
  rejected: { mark: '🚫', words: 'Rejected' },
  expired: { mark: '⌛', words: 'Expired' },
  cancelled: { mark: '⚪', words: 'Cancelled' },
  superseded: { mark: '⏭️', words: 'Superseded' },
};

const stepLooks: { readonly [state in StepView['state']]: Look } = {
  waiting: { mark: '▫️', words: 'to do' },
  running: { mark: '🔵', words: 'running' },
  done: { mark: '✅', words: 'done' },
  skipped: { mark: '⏭️', words: 'skipped' },
  failed: { mark: '❌', words: 'failed' },
  undoing: { mark: '↩️', words: 'undoing' },
  undone: { mark: '↩️', words: 'undone' },
  undo_failed: { mark: '🆘', words: 'undo failed' },
};

const severityLooks: { readonly [severity in Severity]: Look } = {
  sev1: { mark: '🔴', words: 'SEV1' },
  sev2: { mark: '🟠', words: 'SEV2' },
  sev3: { mark: '🟡', words: 'SEV3' },
  sev4: { mark: '🔵', words: 'SEV4' },
};

const incidentLooks: { readonly [state in IncidentState]: Look } = {
  declared: { mark: '🔥', words: 'Open' },
  mitigated: { mark: '🩹', words: 'Mitigated' },
  resolved: { mark: '✅', words: 'Resolved' },
};

const unknown: Look = { mark: '❔', words: 'In an unknown state' };

// A newer workflow may send a state this process does not know yet: a card must still come out.
export const operationLook = (state: OperationState): Look => operationLooks[state] ?? unknown;
export const stepLook = (state: StepView['state']): Look => stepLooks[state] ?? unknown;
export const severityLook = (severity: Severity): Look => severityLooks[severity] ?? unknown;
export const incidentLook = (state: IncidentState): Look => incidentLooks[state] ?? unknown;
