import type { Mirror } from './git';
import { sweepGitLocks } from './git-lock';
import { GitFailure } from './git-process';

/** Where a mirror keeps every branch and tag of its remote, and nothing of its own. */
export const mirrorRefspecs = ['+refs/heads/*:refs/mirror/heads/*', '+refs/tags/*:refs/mirror/tags/*'];

/**
 * Brings a mirror up to date. A lock of a killed Git, or an object it half wrote, must not keep us from what is there:
 * a lock older than `staleMs` goes, and a ruined mirror is made anew. Throws `GitFailure`.
 */
export async function fetchMirror(
  mirror: Mirror,
  { refspecs, staleMs = 2000 }: { readonly refspecs: readonly string[]; readonly staleMs?: number },
): Promise<void> {
  const fetch = () => mirror.fetch(['--prune', '--no-tags'], refspecs);
  await sweepGitLocks(mirror.folder, staleMs);
  try {
    await fetch();
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error;
    if (/unable to create '.*\.lock'|cannot lock ref|another git process/i.test(error.words)) {
      await new Promise((done) => setTimeout(done, staleMs));
      await sweepGitLocks(mirror.folder, staleMs);
    } else if (/corrupt|bad object|object file .* is empty|not a git repository/i.test(error.words)) {
      await mirror.rebuild();
    } else throw error;
    await fetch();
  }
}
