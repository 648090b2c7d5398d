import type { JsonObject } from '../../src/json';
import type { MissedCriterion } from '../../src/operation/plan';

/** It may work next time: the other side is away, busy or broken. */
export class StepError extends Error {
  override readonly name = 'StepError';

  constructor(
    message: string,
    readonly about: {
      /** What the other side asked to wait, ms. */
      readonly retryAfterMs?: number;
      /** True when nothing can have reached the other side. */
      readonly unsent?: boolean;
    } = {},
  ) {
    super(message);
  }
}

/** It will not work by trying again. The message is a sentence for people. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
}

export class CriterionMissed extends Error {
  override readonly name = 'CriterionMissed';

  constructor(
    message: string,
    readonly missed: MissedCriterion,
  ) {
    super(message);
  }
}

/** Nothing is wrong; it is not time yet. Costs a benign retry and no runner meanwhile. */
export class NotYet extends Error {
  override readonly name = 'NotYet';

  constructor(
    message: string,
    readonly nextMs: number,
  ) {
    super(message);
  }
}

/** What a call of a step kind tells: names for expressions (`response`), and lines for people. */
export interface StepAnswer {
  readonly tells: JsonObject;
  readonly summary: string;
  readonly detail?: readonly string[];
}
