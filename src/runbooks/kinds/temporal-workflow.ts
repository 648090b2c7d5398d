import { z } from 'zod';
import { text } from '../../documents/text';
import { controlKind } from './control';

export const temporalWorkflowWith = z
  .strictObject({
    /** Type of the workflow to start. */
    type: text().optional(),
    task_queue: text().optional(),
    /** Of the workflow that is started, or that gets the signal. */
    id: text().max(200).optional(),
    args: z.array(z.json()).max(10).optional(),
    /** Name of a signal for a workflow that runs already. */
    signal: text().optional(),
    /** `no`: go on as soon as it has started. */
    wait: z.enum(['yes', 'no']).default('yes'),
  })
  .refine(
    ({ type, task_queue, id, signal }) =>
      signal === undefined ? type !== undefined && task_queue !== undefined : type === undefined && id !== undefined,
    'either starts a workflow (type and task_queue) or signals one (signal and id)',
  );

export const temporalWorkflow = controlKind({
  name: 'temporal/workflow',
  control: 'workflow',
  doc: 'Starts a workflow of any type on any task queue and waits for its result, or signals one that runs. Signalbox’s own workflows are out of reach. Expressions see `result`.',
  with: temporalWorkflowWith,
  tells: ['result'],
  readOnly: () => false,
  repeat: () => 'find',
});
