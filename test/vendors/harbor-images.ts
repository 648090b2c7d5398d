import { basic, Vendor } from './vendor';

export const harborCleanupPassword = 'harbor-cleanup-password-of-a-test';
const artifacts = /^\/api\/v2\.0\/projects\/apps\/repositories\/checkout\/artifacts$/;

interface Image {
  readonly digest: string;
  readonly pushed: string;
  /** Absent when it was never pulled. */
  readonly pulled?: string;
  /** Harbor refuses to delete what a rule of the project protects. */
  readonly isImmutable?: boolean;
}

/** Images of one repository of Harbor, as its API v2.0 describes them (listArtifacts, deleteArtifact). */
export class HarborImages {
  images: readonly Image[] = [];

  readonly server = new Vendor({
    isAuthorized: basic('robot$cleanup', harborCleanupPassword),
    routes: [
      {
        method: 'GET',
        path: artifacts,
        answer: ({ query }) => ({
          status: 200,
          body: [...this.images]
            .sort((left, right) => (query.get('sort') === 'push_time' ? left.pushed.localeCompare(right.pushed) : 0))
            .slice(0, Number(query.get('page_size') ?? 10))
            .map(({ digest, pushed, pulled }) => ({
              id: 1,
              type: 'IMAGE',
              digest,
              push_time: pushed,
              pull_time: pulled ?? '0001-01-01T00:00:00.000Z',
              tags: null,
            })),
        }),
      },
      {
        method: 'DELETE',
        path: new RegExp(`${artifacts.source.slice(0, -1)}/([^/]+)$`),
        answer: ({ parts }) => {
          const image = this.images.find(({ digest }) => digest === parts[0]);
          if (!image) return { status: 404, body: { errors: [{ code: 'NOT_FOUND', message: 'artifact not found' }] } };
          if (image.isImmutable)
            return {
              status: 412,
              body: { errors: [{ code: 'PRECONDITION', message: 'matched by an immutable rule' }] },
            };
          this.images = this.images.filter((each) => each !== image);
          return { status: 200 };
        },
      },
    ],
  });
}
