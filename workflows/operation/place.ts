import { condition, defineSignal, setHandler } from '@temporalio/workflow';
import type { LaneEntry } from '../../src/operation/ports';
import { lanes } from '../activities';
import { LANE_GRANTED, LANE_POSITION, LANE_TAKEN, type LaneGrant, type OperationTimings } from '../contract';
import type { LaneStatus, LaneTaken } from '../lane';

/** This operation's place in its lane. Without a lane (a runbook about no service) it is granted at once. */
export class Place {
  grant: LaneGrant | undefined;
  position: { readonly position: number; readonly heldBy?: string } | undefined;
  private entered = false;
  private last = Promise.resolve();

  constructor(
    private readonly spec: {
      readonly timings: OperationTimings;
      readonly onTaken: (taken: LaneTaken) => void;
      readonly onMoved: () => void;
    },
  ) {
    setHandler(defineSignal<[LaneGrant]>(LANE_GRANTED), (grant) => {
      this.grant = grant;
      this.position = undefined;
      spec.onMoved();
    });
    setHandler(defineSignal<[{ position: number; heldBy?: string }]>(LANE_POSITION), (position) => {
      if (!this.grant) this.position = position;
      spec.onMoved();
    });
    setHandler(defineSignal<[LaneTaken]>(LANE_TAKEN), (taken) => spec.onTaken(taken));
  }

  /** Enters and waits for the grant. False when `stop` came true first, or the wait grew too long. */
  async enter(entry: LaneEntry, stop: () => boolean): Promise<boolean> {
    this.entered = true;
    this.grant = undefined;
    await lanes().enterLane(entry);
    await condition(() => this.grant !== undefined || stop(), this.spec.timings.laneMs);
    return this.grant !== undefined && !stop();
  }

  /** Tells the lane what its holder does; in order, without holding anybody up. */
  tell(laneId: string | undefined, operationId: string, status: LaneStatus): void {
    if (!this.entered || laneId === undefined) return;
    this.last = this.last.then(() => lanes().tellLane({ laneId, operationId, status })).catch(() => undefined);
  }

  async leave(laneId: string | undefined, operationId: string): Promise<void> {
    if (!this.entered || laneId === undefined) return;
    await this.last;
    this.entered = false;
    this.grant = undefined;
    this.position = undefined;
    await lanes().leaveLane({ laneId, operationId });
  }
}
