import type { CodeAuthor } from '../../src/code/change';
import type { Mirror } from './git';

/** People whom some commits name. All of it is whatever their Git said: forgeable. */
export interface CommitPeople {
  /** Authors and co-authors, each once. */
  readonly authors: readonly CodeAuthor[];
  /** Who made the commits; a Git host that merges names itself here. */
  readonly committers: readonly CodeAuthor[];
  /** There are more commits than were looked at. */
  readonly hasMore: boolean;
}

/** Who stands in some commits. `revisions` are object ids, also with `^` before them; `path` a literal folder. */
export async function authorsOf(
  mirror: Mirror,
  about: { readonly revisions: readonly string[]; readonly path?: string; readonly limit: number },
): Promise<CommitPeople> {
  const trailers = '%(trailers:key=Co-authored-by,valueonly,unfold,separator=%x01)';
  const format = `--format=%an%x00%ae%x00%cn%x00%ce%x00${trailers}`;
  const how = ['-z', '--full-history', format, '--no-show-signature', '--no-notes', `--max-count=${about.limit + 1}`];
  const path = about.path === undefined ? [] : [`:(top,literal)${about.path}`];
  const args = ['log', ...how, ...about.revisions, '--', ...path];
  const fields = (await mirror.local(args)).toString('utf8').split('\0');
  const [authors, committers] = [new Map<string, CodeAuthor>(), new Map<string, CodeAuthor>()];
  let commits = 0;
  for (let at = 0; at + 4 < fields.length; at += 5) {
    const [name = '', email = '', committer = '', address = '', coAuthors = ''] = fields.slice(at, at + 5);
    commits += 1;
    add(authors, { name, email });
    add(committers, { name: committer, email: address });
    for (const line of coAuthors.split('\x01')) {
      const [, other, theirs] = /^\s*([^<>]*?)\s*<([^<>\s]+)>/.exec(line) ?? [];
      if (theirs !== undefined) add(authors, { name: other ?? '', email: theirs });
    }
  }
  return {
    authors: [...authors.values()],
    committers: [...committers.values()],
    hasMore: commits > about.limit,
  };
}

function add(people: Map<string, CodeAuthor>, person: CodeAuthor): void {
  people.set(`${person.name}\0${person.email}`.toLowerCase(), person);
}
