import type { Button } from '@slack/types';
import { ACTIONS, encodeValue, stepPathMax } from './actions';
import { button } from './blocks';

/** Opens what the programs of a step wrote. Who may read it is decided when it is pressed. */
export function logButton(about: {
  readonly operationId: string;
  /** Path in the plan; the newest log is opened where it is too long to be named. */
  readonly step: string;
  /** Absent: the log of the step itself comes first. */
  readonly mode?: 'undo';
  readonly spoken?: string;
  readonly label?: string;
}): Button {
  const { operationId, step, mode, spoken, label = 'Log' } = about;
  const which = step.length <= stepPathMax && { l: step, ...(mode && { w: mode }) };
  const value = encodeValue({ o: operationId, ...which });
  return button({ label, action: ACTIONS.log, value, ...(spoken === undefined ? {} : { spoken }) });
}
