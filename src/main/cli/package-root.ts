import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Failed } from './command';

/** Where package.json is: the sources' folder in tests, the folder above `dist/` otherwise. */
export function inPackage(path: string): string {
  let folder = __dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    const above = dirname(folder);
    if (above === folder)
      throw new Failed('The folder that Signalbox is installed in cannot be found; install it again.');
    folder = above;
  }
  return join(folder, path);
}
