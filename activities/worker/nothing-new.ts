import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';

/** Fails without an alarm and is tried again by Temporal after so many ms: a watch of months is a handful of events. */
export function nothingNew(message: string, againMs: number): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'NothingNew',
    message,
    category: ApplicationFailureCategory.BENIGN,
    nextRetryDelay: againMs,
  });
}
