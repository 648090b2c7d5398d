import type { JsonObject } from '../../src/json';
import type { KubeApi } from '../steps/kube-api';
import { bearer, Vendor } from './vendor';

export const clusterReadToken = 'cluster-read-token-of-a-test';

/** What the API of a Kubernetes cluster tells a token that may only look: lists by label, over the objects of the same cluster. */
export function kubeReader(cluster: KubeApi): Vendor {
  return new Vendor({
    isAuthorized: bearer(clusterReadToken),
    routes: [
      {
        method: 'GET',
        path: /^(\/api\/v1\/(?:namespaces|nodes))$/,
        answer: ({ parts, query }) => {
          const [label, wanted] = (query.get('labelSelector') ?? '').split('=');
          const items = [...cluster.objects]
            .filter(([path]) => path.slice(0, path.lastIndexOf('/')) === parts[0])
            .map(([, object]) => object)
            .filter(({ metadata }) => !label || (metadata.labels as JsonObject | undefined)?.[label] === wanted);
          return { status: 200, body: { kind: 'List', apiVersion: 'v1', metadata: {}, items } };
        },
      },
      {
        method: 'GET',
        path: /^(\/api\/v1\/nodes\/[^/]+)$/,
        answer: ({ parts }) => {
          const object = cluster.object(parts[0]!);
          return object ? { status: 200, body: object } : { status: 404, body: { kind: 'Status', reason: 'NotFound' } };
        },
      },
    ],
  });
}
