import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBlobStore, type BlobStore } from '../../activities/adapters/blob-store';
import { openLogFolder } from '../../activities/adapters/log-folder';
import type { LogStore } from '../../activities/adapters/log-store';
import { findIsolation } from '../../activities/processes/isolation';
import type { AllowedProgram } from '../../activities/steps/allowed-programs';
import { packBody } from '../../activities/steps/packed-body';
import type { ToolHost } from '../../activities/steps/toolbox';
import { canonical } from '../../src/canonical';
import type { PackedFolder } from '../../src/operation/plan';
import { guard } from '../processes/host';

export interface TestTools extends ToolHost {
  readonly blobs: BlobStore;
  readonly logs: LogStore;
  readonly folder: string;
}

/** A runner's tools in a folder of their own. */
export async function openTools(programs: { readonly [name: string]: AllowedProgram } = {}): Promise<TestTools> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-tools-'));
  return {
    folder,
    blobs: await openBlobStore({ location: join(folder, 'blobs'), key: 'ab'.repeat(32) }),
    logs: openLogFolder({ folder: join(folder, 'logs') }),
    workPlace: join(folder, 'work'),
    isolation: findIsolation(),
    guard,
    limits: { memoryBytes: 2 ** 31, outputBytes: 2 ** 26 },
    programs: new Map(Object.entries(programs)),
  };
}

/** A Node.js script as a program that a runner allows. */
export function script(source: string, more: Partial<AllowedProgram> = {}): AllowedProgram {
  return { path: process.execPath, args: ['-e', source], network: 'host', repeat: 'never', ...more };
}

/** Packs files as a worker packs a folder of the policy repository. */
export async function packFiles(
  blobs: Pick<BlobStore, 'put'>,
  files: { readonly [path: string]: string },
): Promise<PackedFolder> {
  const packed = packBody(
    Object.entries(files).map(([path, text]) => ({ path, isProgram: false, body: Buffer.from(text) })),
  );
  const digest = await blobs.put(canonical(packed));
  return { tree: '0'.repeat(40), digest, files: packed.files.length, bytes: 0 };
}
