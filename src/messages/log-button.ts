import type { Button } from '@slack/types';
import { ACTIONS, encodeValue, stepPathMax } from './actions';
import { button } from './blocks';

/** Opens what the programs of a step wrote. Who may read it is decided when it is pressed. */
export function logButton(about: {
  readonly operationId: string;
  /** Path in the plan; the newest log is opened where it is too long to be named. */
  readonly step: string;
  readonly spoken?: string;
}): Button {
  const { operationId, step, spoken } = about;
  const value = encodeValue({ o: operationId, ...(step.length <= stepPathMax && { l: step }) });
  return button({ label: 'Log', action: ACTIONS.log, value, ...(spoken === undefined ? {} : { spoken }) });
}
