import type { StepKindSpec } from '../step-kind';

/** A kind that the run carries out itself: filling in what it is told is all that a runner does for it. */
export function controlKind(
  spec: Pick<StepKindSpec, 'name' | 'control' | 'doc' | 'with'> & Partial<StepKindSpec>,
): StepKindSpec {
  return { tells: [], readOnly: () => true, repeat: () => 'safe', timeoutMs: 60_000, ...spec };
}
