import type { Outcome } from '../../src/operation/outcome';

/** The outcome is decided; unwinds to the one place that ends an operation. */
export class Ended extends Error {
  constructor(readonly outcome: Outcome) {
    super(outcome.kind);
  }
}
