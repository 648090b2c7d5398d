import { z } from 'zod';
import type { StepKindSpec } from '../step-kind';
import { kubectlCluster, kubectlFolder, kubectlFoldersOf, kubectlName, kubectlType, kubectlValues } from './kubectl';

export const kubectlDeleteWith = z
  .strictObject({
    ...kubectlCluster,
    folder: kubectlFolder.optional(),
    values: kubectlValues.optional(),
    type: kubectlType.optional(),
    name: kubectlName.optional(),
  })
  .superRefine(({ folder, values, type, name }, context) => {
    const add = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message });
    if ((folder === undefined) === (type === undefined))
      return add('folder', 'or else "type" and "name" have to be there');
    if ((type === undefined) !== (name === undefined)) return add('name', 'belongs to a "type"');
    if (values !== undefined && folder === undefined) add('values', 'are for the manifests of a folder');
  });

export type KubectlDeleteWith = z.infer<typeof kubectlDeleteWith>;

export const kubectlDelete: StepKindSpec = {
  name: 'kubectl/delete',
  doc: 'Deletes the objects of a folder of manifests, or one object by its `type` and `name`, and waits until they are gone. What is not there is no failure, so it may be done again, and be the undo of a `kubectl/apply`. Expressions see `objects`, what was there to be deleted.',
  with: kubectlDeleteWith,
  tells: ['objects'],
  literal: ['kubeconfig', 'context', 'folder', 'type'],
  readOnly: () => false,
  check: 'The API server says what would be deleted (`--dry-run=server`).',
  repeat: () => 'safe',
  timeoutMs: 10 * 60_000,
  folders: kubectlFoldersOf,
};
