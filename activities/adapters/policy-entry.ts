import { dangerIn } from './git-names';
import type { TreeEntry } from './git-objects';

export type EntryVerdict = { readonly kind: 'read' | 'skip' } | { readonly kind: 'problem'; readonly sentence: string };

/** Whether an entry of a tree is read as policy, left alone, or a reason not to use the commit. */
export function judgeEntry({ mode, path }: TreeEntry, filter: (path: string) => boolean): EntryVerdict {
  const problem = (sentence: string): EntryVerdict => ({ kind: 'problem', sentence });
  const danger = dangerIn(path);
  if (danger) return problem(`${JSON.stringify(path)} cannot be read, because ${danger}.`);
  if (mode === '120000' || mode === '160000') {
    const what = mode === '120000' ? 'a symbolic link' : 'a submodule';
    const standsForFolder = filter(`${path}/x.yaml`);
    if (!filter(path) && !standsForFolder) return { kind: 'skip' };
    return problem(`${path} is ${what}, which Signalbox does not follow; put the file itself there.`);
  }
  if (!filter(path)) return { kind: 'skip' };
  if (mode !== '100644' && mode !== '100755')
    return problem(`${path} has the file mode ${mode}, which is not a file's.`);
  return { kind: 'read' };
}
