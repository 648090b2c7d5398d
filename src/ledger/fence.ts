/** Says which of two holders of a lane came later: it grows with every holder. */
export interface Fence {
  /** Start of the lane workflow, ms since the epoch. */
  readonly epoch: number;
  readonly number: number;
}

export function isOlder(fence: Fence, than: Fence): boolean {
  return fence.epoch === than.epoch ? fence.number < than.number : fence.epoch < than.epoch;
}

/** `1795.3` */
export function fenceWords({ epoch, number }: Fence): string {
  return `${epoch}.${number}`;
}
