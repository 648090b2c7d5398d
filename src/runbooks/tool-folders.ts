import { secretReference } from '../connections/schema';
import type { JsonObject } from '../json';
import type { PackedFolder } from '../operation/plan';
import { stepKindOf, type StepKindSpec } from './step-kinds';

/** What became of the folders that a plan needs: packed, or a full sentence that says why not. */
export interface ToolFolders {
  readonly [folder: string]: PackedFolder | { readonly problem: string };
}

const maxPath = 200;

/** The folder that a file of the policy repository lies in; empty for one that lies in none. */
export function folderOfFile(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Whether a text may name a folder of the policy repository: plain names only, downwards only, never an option. */
export function isToolFolder(path: string): boolean {
  return path.length <= maxPath && /^[A-Za-z0-9_][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/.test(path);
}

/**
 * Every folder of the policy repository that the calls anywhere inside a runbook or a plan need, and those of files that
 * secrets lie in; sorted.
 */
export function toolFoldersIn(value: unknown, kindOf: (name: string) => StepKindSpec | undefined = stepKindOf) {
  const found = new Set<string>();
  const walk = (at: unknown): void => {
    if (typeof at !== 'object' || at === null) return;
    const { uses, with: given, sops } = at as { readonly [key: string]: unknown };
    if (typeof sops === 'string' && secretReference.safeParse(at).success) found.add(folderOfFile(sops));
    const spec = typeof uses === 'string' ? kindOf(uses) : undefined;
    for (const folder of spec?.folders?.((given ?? {}) as JsonObject) ?? []) found.add(folder);
    for (const inner of Object.values(at)) walk(inner);
  };
  walk(value);
  return [...found].sort() as readonly string[];
}

/** The packed folders that a plan carries, and why some of them cannot be had. */
export function packedFolders(
  wanted: readonly string[],
  folders: ToolFolders,
): { readonly trees: { readonly [folder: string]: PackedFolder }; readonly problems: readonly string[] } {
  const trees: { [folder: string]: PackedFolder } = {};
  const problems: string[] = [];
  for (const folder of wanted) {
    const packed = Object.hasOwn(folders, folder) ? folders[folder]! : undefined;
    if (packed === undefined)
      problems.push(`The folder ${folder} of the policy repository was not looked up; ask again.`);
    else if ('problem' in packed) problems.push(packed.problem);
    else trees[folder] = packed;
  }
  return { trees, problems };
}
