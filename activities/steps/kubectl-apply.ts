import { kubectlApply, type KubectlApplyWith } from '../../src/runbooks/kinds/kubectl-apply';
import { fileOf, manifestsIn } from './kubectl-manifests';
import { kubectlFailure, openKubectl } from './kubectl-session';
import type { StepAnswer } from './outcomes';
import { stepKind, withGiven, type StepContext } from './step-kind';

const shownObjects = 100;

export const runKubectlApply = stepKind<KubectlApplyWith>(kubectlApply, run, (context) =>
  run(withGiven(context, { check: true })),
);

async function run(context: StepContext<KubectlApplyWith>): Promise<StepAnswer> {
  const { folder, values, check, force_conflicts: force } = context.given;
  const workspace = await context.workspace();
  const items = await manifestsIn(workspace.folder(folder), folder, values);
  const kubectl = await openKubectl(context);
  const file = await workspace.write('objects.json', fileOf(items));
  const args = kubectl.args('apply', '--server-side', '--field-manager=signalbox').option('--filename', file);
  if (check) args.switch('--dry-run=server');
  if (force) args.switch('--force-conflicts');
  const end = await kubectl.run(args);
  if (end.code !== 0) throw kubectlFailure(`${folder} could not be ${check ? 'checked' : 'applied'}`, end);
  const objects = [...end.stdout.matchAll(/^(\S+) serverside-applied/gm)].map(([, name]) => name!);
  const count = `${items.length} ${items.length === 1 ? 'object' : 'objects'}`;
  return {
    tells: { objects: objects.slice(0, shownObjects) },
    summary: check ? `${count} would be applied` : `${count} applied`,
    detail: objects.slice(0, 20),
  };
}
