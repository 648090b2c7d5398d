import { RUN_PROGRESS } from '../../workflows/contract';
import type { RunProgress } from '../../workflows/run/state';
import type { TestTemporal } from './temporal';

/** What a run without an operation has reported: nobody hears it, so it is read from the run's own history. */
export async function reportsOf({ client }: TestTemporal, workflowId: string): Promise<readonly RunProgress[]> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).flatMap((event) => {
    const said = event.signalExternalWorkflowExecutionInitiatedEventAttributes;
    if (said?.signalName !== RUN_PROGRESS) return [];
    return [JSON.parse(Buffer.from(said.input!.payloads![0]!.data!).toString()) as RunProgress];
  });
}
