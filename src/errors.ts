/**
 * Three lanes for what goes wrong. An expected answer ("not approved") is a union value. A stop that a person can act
 * on is a `Refusal`: a code and a sentence. Everything else is thrown as it is, retried, and shown as a trace id only.
 */
export type RefusalCode =
  | 'bad_request'
  | 'policy_unreachable'
  | 'policy_invalid'
  | 'unknown_environment'
  | 'unknown_service'
  | 'unknown_runbook'
  | 'step_failed'
  | 'criterion_missed'
  | 'plan_missing'
  | 'not_relayed'
  | 'too_late'
  | 'temporal_away'
  | 'slack_refused'
  | 'ledger_refused'
  | 'setting_invalid';

export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly code: RefusalCode,
    /** One full sentence for people: what happened, why, who can change it, what to do next. */
    message: string,
    options?: ErrorOptions & { readonly data?: unknown },
  ) {
    super(message, options);
    this.data = options?.data;
  }

  readonly data?: unknown;
}

/** The store of the logs does not do what it is asked. The message is a sentence that says what has to be mended. */
export class LogStoreAway extends Error {
  override readonly name = 'LogStoreAway';
}

/** The sentence people see. What we did not foresee gets a trace id, never its own text. */
export function sentenceFor(error: unknown, traceId: string): string {
  if (error instanceof Refusal) return error.message;
  return `Something broke on our side (trace ${traceId}); nothing was started. Whoever runs Signalbox finds the trace in its log.`;
}
