import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { Failed, type AddCommand, type Ended } from './command';
import { inPackage } from './package-root';

export const addDemo: AddCommand = (program, { ends }) => {
  program
    .command('demo')
    .description('Set up and start a whole example company on this machine, until Ctrl-C')
    .option('--story', 'play the story by itself and check every step')
    .action(
      ends(async (): Promise<Ended> => {
        const script = inPackage('scripts/demo.mjs');
        if (!existsSync(script))
          throw new Failed('The demo is not part of this installation; clone the repository and run "npm run demo".');
        // It reads --story from the command line itself, and ends the process when it is over.
        await import(pathToFileURL(script).href);
        return 'running';
      }),
    );
};
