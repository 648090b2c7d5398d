import type { Library } from '../runbooks/library';
import type { Repository } from '../policy/read-repository';

const known = new WeakMap<Repository, Pick<Library, 'runbooks' | 'actions'>>();

/** What steps of a repository's runbooks may run in their place. */
export function libraryOf(repository: Repository): Pick<Library, 'runbooks' | 'actions'> {
  const before = known.get(repository);
  if (before) return before;
  const library = { runbooks: documentsOf(repository.runbooks), actions: documentsOf(repository.actions) };
  known.set(repository, library);
  return library;
}

function documentsOf<T>(filed: ReadonlyMap<string, { readonly document: T }>): ReadonlyMap<string, T> {
  return new Map([...filed].map(([name, { document }]) => [name, document]));
}
