import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { slackManifest } from '../../commands/manifest';
import { schemaFolder } from '../../policy/file-formats';
import { Failed, printJson, type AddCommand } from './command';
import { manifestYaml } from './manifest';
import { inPackage } from './package-root';
import { writeSchemas } from './schema';
import { settingsTable } from './settings-table';

export const addInit: AddCommand = (program, { io, ends }) => {
  program
    .command('init')
    .description('Write a folder to begin with: Slack manifest, settings, an example policy')
    .argument('[folder]', 'where', 'signalbox')
    .option('--json', 'print JSON')
    .action(
      ends((given: string, { json }: { readonly json?: boolean }) => {
        const folder = resolve(io.cwd, given);
        const written = ['manifest.yml', '.env.example', 'policy'].map((name) => join(folder, name));
        const there = written.filter((path) => existsSync(path));
        if (there.length > 0)
          throw new Failed(
            `${there.join(' and ')} ${there.length === 1 ? 'is' : 'are'} already there, so nothing was written; name another folder.`,
          );
        const example = inPackage('examples/policy');
        if (!existsSync(example))
          throw new Failed('The example policy is not part of this installation; install it again.');
        mkdirSync(folder, { recursive: true });
        writeFileSync(written[0]!, `${manifestYaml(slackManifest({ mode: 'socket' }))}\n`);
        writeFileSync(written[1]!, envExample());
        cpSync(example, written[2]!, { recursive: true });
        writeSchemas(join(written[2]!, schemaFolder));
        const here = relative(io.cwd, folder) || '.';
        if (json) printJson(io, { folder, written });
        else io.out(nextSteps(here));
        return 0;
      }),
    );
};

/** Every setting with what it is for, commented out where a default or nothing will do. */
function envExample(): string {
  const lines = settingsTable.map(({ name, about, need, example }) => {
    const line = `${name}=${example ?? ''}`;
    return `# ${about}\n${need === 'always' ? line : `# ${line}`}\n`;
  });
  return `# Settings of Signalbox. A secret may be given as <NAME>_FILE instead.\n\n${lines.join('\n')}`;
}

function nextSteps(folder: string): string {
  return `Wrote ${folder}: manifest.yml, .env.example and policy/. What to do next:
  1. Create the Slack app: api.slack.com/apps, Create New App, From a manifest, paste ${folder}/manifest.yml.
  2. Make policy/ yours, check it with "signalbox policy check --dir ${folder}/policy", and push it to a Git repository.
  3. Make an empty Git repository for the ledger.
  4. Copy .env.example to .env, fill it in, and load it: set -a; . ${folder}/.env; set +a
  5. Run "signalbox doctor", which says what is still missing.
  6. Record what runs today: "signalbox adopt <service> <version> in <environment>".
  7. Run "signalbox start".`;
}
