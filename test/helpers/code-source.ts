import { join } from 'node:path';
import { openCodeRepository } from '../../activities/adapters/code-repository';
import { createCodeSource, type CodeSource } from '../../activities/worker/code-source';

/** Code repositories of services with their mirrors in a folder of a test. */
export function codeSourceIn(folder: string): CodeSource {
  return createCodeSource({
    open: (connection) => openCodeRepository({ ...connection, dataDir: join(folder, 'code'), now: () => Date.now() }),
    secretOf: async () => 'a-secret-token',
    now: () => Date.now(),
  });
}
