import { formatDuration, parseDuration } from '../../src/runbooks/duration';
import { wait, type WaitWith } from '../../src/runbooks/kinds/wait';
import { NotYet } from './outcomes';
import { stepKind } from './step-kind';

export const runWait = stepKind<WaitWith>(wait, async ({ given, elapsedMs }) => {
  const forMs = parseDuration(given.for)!;
  const restMs = forMs - elapsedMs;
  if (restMs > 0) throw new NotYet(`waits for ${formatDuration(forMs)}`, Math.max(50, restMs));
  return { tells: {}, summary: `waited for ${formatDuration(forMs)}` };
});
