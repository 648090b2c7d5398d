import { z } from 'zod';
import { formatDuration } from '../../src/runbooks/duration';
import { kubectlRollout, type KubectlRolloutWith } from '../../src/runbooks/kinds/kubectl-rollout';
import { kubectlFailure, openKubectl, ownLimit } from './kubectl-session';
import { StepFailed } from './outcomes';
import { stepKind } from './step-kind';

const objectSchema = z.object({
  spec: z.object({ replicas: z.number().optional() }).default({}),
  status: z
    .object({
      replicas: z.number().optional(),
      updatedReplicas: z.number().optional(),
      readyReplicas: z.number().optional(),
      desiredNumberScheduled: z.number().optional(),
      updatedNumberScheduled: z.number().optional(),
      numberReady: z.number().optional(),
    })
    .default({}),
});

export const runKubectlRollout = stepKind<KubectlRolloutWith>(kubectlRollout, async (context) => {
  const { type, name } = context.given;
  const object = `${type}/${name}`;
  const kubectl = await openKubectl(context);
  const seconds = ownLimit(context.step.timeoutMs);
  const status = kubectl.args('rollout', 'status', '--watch=true').option('--timeout', `${seconds}s`).value(object);
  const end = await kubectl.run(status);
  if (end.code !== 0) {
    // Both end with the same code.
    const words = end.trouble ?? '';
    if (/exceeded its progress deadline/.test(words))
      throw new StepFailed(
        `${object} made no progress within its own deadline; what runs there is stuck, and waiting longer does not help.`,
      );
    if (/timed out waiting|context deadline exceeded/.test(words))
      throw new StepFailed(
        `${object} is not rolled out after ${formatDuration(seconds * 1_000)} and may still get there; give the step a longer "timeout" if it needs one.`,
      );
    throw kubectlFailure(`${object} could not be watched`, end);
  }
  const got = await kubectl.run(kubectl.args('get', '--output=json').value(object), { isPrivate: true });
  if (got.code !== 0) throw kubectlFailure(`${object} could not be read`, got);
  const { spec, status: now } = objectSchema.parse(JSON.parse(got.stdout));
  const replicas = now.desiredNumberScheduled ?? spec.replicas ?? now.replicas ?? 0;
  const tells = {
    replicas,
    updated: now.updatedNumberScheduled ?? now.updatedReplicas ?? 0,
    ready: now.numberReady ?? now.readyReplicas ?? 0,
  };
  return { tells, summary: `rolled out, ${tells.ready} of ${replicas} ready` };
});
