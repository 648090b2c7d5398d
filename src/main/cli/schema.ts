import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Argument } from 'commander';
import { fileFormats, jsonSchemaOf, type FileFormatName } from '../../policy/file-formats';
import { BadInput, plural, printJson, type AddCommand } from './command';

const names = Object.keys(fileFormats) as FileFormatName[];

export const addSchema: AddCommand = (program, { io, ends }) => {
  program
    .command('schema')
    .description('Print the JSON Schema of a file format, or write all of them, for editors')
    .addArgument(new Argument('[format]').choices(names))
    .option('--all <folder>', 'write every schema into a folder, such as .schemas in the policy repository')
    .action(
      ends((format: FileFormatName | undefined, { all }: { readonly all?: string }) => {
        if ((format === undefined) === (all === undefined))
          throw new BadInput(`Say which format (${names.join(', ')}), or write all of them with --all <folder>.`);
        if (format !== undefined) printJson(io, jsonSchemaOf(format));
        else io.out(`Wrote ${plural(writeSchemas(resolve(io.cwd, all!)), 'schema')} to ${all}.`);
        return 0;
      }),
    );
};

/** Writes every schema as `<format>.json`, over older ones; gives how many. */
export function writeSchemas(folder: string): number {
  mkdirSync(folder, { recursive: true });
  for (const name of names)
    writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(jsonSchemaOf(name), null, 2)}\n`);
  return names.length;
}
