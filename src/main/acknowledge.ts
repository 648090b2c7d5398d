import { defaultPayloadConverter, toPayloads } from '@temporalio/common';
import type { NativeConnection } from '@temporalio/worker';
import { AttemptGone, type Acknowledge } from '../../activities/steps/heart';

/** Status of gRPC for what the server does not know, or does not know any more. */
const notFound = 5;

/**
 * Heartbeats by our own call, because the SDK's are sent later and never say whether they arrived. An attempt that
 * timed out, was replaced or whose operation has ended is unknown to the server, which is what `AttemptGone` says.
 */
export function acknowledgeOver(connection: NativeConnection, namespace: string): Acknowledge {
  return async ({ taskToken, details }) => {
    const payloads = toPayloads(defaultPayloadConverter, details);
    try {
      await connection.workflowService.recordActivityTaskHeartbeat({ namespace, taskToken, details: { payloads } });
    } catch (error) {
      if ((error as { readonly code?: number }).code === notFound) throw new AttemptGone();
      throw error;
    }
  };
}
