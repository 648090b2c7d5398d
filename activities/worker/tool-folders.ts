import { canonical } from '../../src/canonical';
import type { PackedFolder } from '../../src/operation/plan';
import type { ToolFolders } from '../../src/runbooks/tool-folders';
import type { BlobStore } from '../adapters/blob-store';
import type { PolicyRepository } from '../adapters/policy-repository';
import { packBody } from '../steps/packed-body';

/** Makes folders of the policy repository available to runners. */
export interface FolderPacker {
  /** Each folder packed, or why it cannot be. Throws when Git or the blob store does not answer. */
  pack(ask: { readonly commit: string; readonly folders: readonly string[] }): Promise<ToolFolders>;
}

const maxKnown = 500;

/** Packs each folder once for what it holds: the same folder at a later commit costs nothing while it is the same. */
export function createFolderPacker(deps: {
  readonly mirror: Pick<PolicyRepository, 'readFolder'>;
  readonly blobs: Pick<BlobStore, 'put' | 'has'>;
}): FolderPacker {
  const known = new Map<string, PackedFolder>();

  const packOne = async (commit: string, folder: string): Promise<PackedFolder | { readonly problem: string }> => {
    const read = await deps.mirror.readFolder({ commit, folder });
    if (!read.ok) return { problem: `The folder ${folder} of the policy repository ${read.why}` };
    const before = known.get(read.tree);
    if (before && (await deps.blobs.has(before.digest))) return before;
    const files = await read.files();
    const digest = await deps.blobs.put(canonical(packBody(files)));
    const bytes = files.reduce((sum, { body }) => sum + body.length, 0);
    const packed = { tree: read.tree, digest, files: files.length, bytes };
    known.set(read.tree, packed);
    for (const oldest of [...known.keys()].slice(0, Math.max(0, known.size - maxKnown))) known.delete(oldest);
    return packed;
  };

  return {
    async pack({ commit, folders }) {
      const packed: { [folder: string]: ToolFolders[string] } = {};
      for (const folder of folders) packed[folder] = await packOne(commit, folder);
      return packed;
    },
  };
}
