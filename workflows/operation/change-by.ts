import type { ResourceRef } from '../../src/resources/resource';
import { laneId } from '../contract';
import { instant } from '../say';
import type { Life } from './life';

/** What every change of a resource by this operation has in common. */
export function changeBy({ place, facts }: Life, { kind, name }: ResourceRef) {
  const fence = place.grant?.fence;
  const lane = facts.judgement?.lane;
  const held = fence && { fence, ...(lane && { lane: laneId(lane) }) };
  return { kind, name, operation: facts.request.id, at: instant(), ...held };
}
