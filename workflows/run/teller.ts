import { CancellationScope, condition, getExternalWorkflowHandle } from '@temporalio/workflow';

/**
 * Tells another workflow what is new: at once what comes alone, and what comes soon after it together, so that quick
 * steps cost no signal each. What is urgent waits for nothing. One signal under way at a time.
 */
export class Teller {
  private isDirty = false;
  private isSending = false;
  private isUrgent = false;
  private sentMs = 0;

  constructor(
    private readonly spec: {
      readonly workflowId: string;
      readonly signal: string;
      /** Between two signals, unless something is urgent. */
      readonly restMs: number;
      /** What is new; it is not asked for the same again. */
      readonly take: () => object;
    },
  ) {}

  changed(urgency?: 'urgent'): void {
    this.isDirty = true;
    this.isUrgent ||= urgency === 'urgent';
    if (!this.isSending) void CancellationScope.nonCancellable(() => this.send());
  }

  /** Resolves when everything has been told. Never throws. */
  async drain(): Promise<void> {
    this.isUrgent = this.isDirty;
    await condition(() => !this.isDirty && !this.isSending);
  }

  private async send(): Promise<void> {
    this.isSending = true;
    while (this.isDirty) {
      await endOfActivation();
      const early = this.sentMs + this.spec.restMs - Date.now();
      if (early > 0) await condition(() => this.isUrgent, early);
      await this.signal();
    }
    this.isSending = false;
  }

  private async signal(): Promise<void> {
    const { workflowId, signal, take } = this.spec;
    [this.isDirty, this.isUrgent, this.sentMs] = [false, false, Date.now()];
    try {
      await getExternalWorkflowHandle(workflowId).signal(signal, take());
    } catch {
      // It is gone (terminated): nobody is left to show anything to, and the work still has to end well.
    }
  }
}

/** Resolves once everything that the present activation sets off has been done. */
async function endOfActivation(): Promise<void> {
  let isAsked = false;
  // The SDK looks at conditions that wait when nothing else is left to do.
  const end = condition(() => isAsked);
  isAsked = true;
  await end;
}
