import { documentBy, FileCache, type NamedFile } from '../documents/file-cache';
import type { Problem } from '../documents/problem';
import { infrastructurePlace, infrastructureSchema } from './schema';

/** Servers that a file asks for: so many of one type in one region. */
export interface ServerGroup {
  readonly name: string;
  readonly count: number;
  readonly type: string;
  readonly region: string;
  readonly data: boolean;
  readonly file: string;
}

export type ReadInfrastructure =
  | {
      readonly ok: true;
      readonly groups: readonly ServerGroup[];
      /** Files they are declared in; none means that nothing at all is declared, which is not the same as no servers. */
      readonly sources: readonly { readonly path: string; readonly blob: string }[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads all `infrastructure/*.yaml` of a commit; it counts only as a whole. Other files are passed by. */
export function readInfrastructure(
  files: ReadonlyMap<string, Omit<NamedFile, 'file'>>,
  cache: FileCache = new FileCache(),
): ReadInfrastructure {
  const problems: Problem[] = [];
  const groups = new Map<string, ServerGroup>();
  const sources: { readonly path: string; readonly blob: string }[] = [];
  for (const [file, { text, blob }] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!infrastructurePlace.test(file)) continue;
    const read = cache.get(documentBy(infrastructureSchema), { file, text, blob });
    sources.push({ path: file, blob });
    if (!read.ok) {
      problems.push(...read.problems);
      continue;
    }
    for (const [name, { count, type, region, data = false }] of Object.entries(read.value.servers)) {
      const other = groups.get(name);
      if (other)
        problems.push({
          file,
          line: read.lineOf(['servers', name]),
          column: read.columnOf(['servers', name]),
          key: `servers.${name}`,
          message: `the group ${name} is declared in ${other.file} already`,
          hint: 'a group belongs to one file; give this one another name',
        });
      else groups.set(name, { name, count, type, region, data, file });
    }
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, groups: [...groups.values()], sources };
}
