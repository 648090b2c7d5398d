import { z } from 'zod';
import { secretReference } from '../../connections/schema';
import { text } from '../../documents/text';

const label = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** Which cluster, and as whom: all of it is in the kubeconfig, which only the runner reads. */
export const kubectlCluster = {
  kubeconfig: secretReference,
  /** Of the kubeconfig; its current one when absent. */
  context: text().max(250).optional(),
  namespace: z.string().regex(label, 'has to be the name of a namespace').optional(),
};

export type KubectlCluster = z.infer<z.ZodObject<typeof kubectlCluster>>;

/** A folder of the policy repository with manifests. */
export const kubectlFolder = z.string().min(1).max(200);

/** What stands for `${NAME}` in texts of the manifests. */
export const kubectlValues = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, 'has to be a name such as IMAGE'),
  z.union([z.string().max(10_000), z.number(), z.boolean()]),
);

/** Kind of one object, written out: `deployment`, `ingress.networking.k8s.io`. */
export const kubectlType = z.string().regex(/^[a-z][a-z0-9]*(?:\.[a-z0-9-]+)*$/, 'has to be a kind such as deployment');

export const kubectlName = z
  .string()
  .regex(/^[a-z0-9](?:[-a-z0-9.:]{0,251}[a-z0-9])?$/, 'has to be the name of an object');

export const kubectlFoldersOf = (given: { readonly [key: string]: unknown }): readonly string[] =>
  given.folder === undefined ? [] : [String(given.folder)];
