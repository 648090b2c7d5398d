import type { Button } from '@slack/types';
import type { ResourceRef } from '../resources/resource';
import { formatDuration } from '../runbooks/duration';
import { ACTIONS, encodeValue } from './actions';
import { button } from './blocks';

/** Keeps what was provisioned for longer. `leaseId`: the workflow of its lease. */
export function extendButton(about: {
  readonly name: ResourceRef['name'];
  readonly leaseId: string;
  readonly byMs: number;
  readonly style?: 'primary';
}): Button {
  const { name, leaseId, byMs, style } = about;
  const by = formatDuration(byMs);
  return button({
    label: `Extend by ${by}`,
    action: ACTIONS.extendLease,
    value: encodeValue({ o: leaseId, m: byMs }),
    spoken: `Extend ${name} by ${by}`,
    ...(style && { style }),
  });
}
