import { kubectlDelete, type KubectlDeleteWith } from '../../src/runbooks/kinds/kubectl-delete';
import { fileOf, manifestsIn } from './kubectl-manifests';
import { kubectlFailure, openKubectl } from './kubectl-session';
import type { StepAnswer } from './outcomes';
import { stepKind, type StepContext } from './step-kind';

const shownObjects = 100;

export const runKubectlDelete = stepKind<KubectlDeleteWith>(
  kubectlDelete,
  (context) => remove(context, 'in earnest'),
  (context) => remove(context, 'dry run'),
);

async function remove(context: StepContext<KubectlDeleteWith>, how: 'in earnest' | 'dry run'): Promise<StepAnswer> {
  const { folder, values = {}, type, name } = context.given;
  const workspace = await context.workspace();
  const items = folder === undefined ? [] : await manifestsIn(workspace.folder(folder), folder, values);
  const kubectl = await openKubectl(context);
  const args = kubectl.args('delete', '--ignore-not-found', '--wait=true');
  if (how === 'dry run') args.switch('--dry-run=server');
  if (folder === undefined) args.value(`${type!}/${name!}`);
  else args.option('--filename', await workspace.write('objects.json', fileOf(items)));
  const end = await kubectl.run(args);
  if (end.code !== 0) throw kubectlFailure(`${folder ?? `${type!}/${name!}`} could not be deleted`, end);
  const objects = [...end.stdout.matchAll(/^(\S+) "([^"]+)" deleted/gm)].map(
    ([, kind, object]) => `${kind!}/${object!}`,
  );
  const done = how === 'dry run' ? 'would be deleted' : 'deleted';
  const summary = objects.length === 0 ? 'nothing was there' : `${objects.length} ${done}`;
  return { tells: { objects: objects.slice(0, shownObjects) }, summary, detail: objects.slice(0, 20) };
}
