/** A commit as sentences name it. */
export function shortCommit(commit: string): string {
  return commit.slice(0, 10);
}
