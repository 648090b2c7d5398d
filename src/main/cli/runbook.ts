import type { Command } from 'commander';
import { formatProblem } from '../../documents/read-yaml';
import { libraryOf } from '../../operation/library-of';
import { runbookGraph } from '../../runbooks/graph';
import { BadInput, plural, printJson, type AddCommand, type Cli } from './command';
import { bindingOf, readPolicy, type PolicyPlace } from './policy-files';
import { withPlace } from './policy-place';

/** Beside `run` and `list`, which the bot answers: what authors ask of files, without a bot. */
export const addRunbook: AddCommand = (program, cli) => {
  const runbook = program.commands.find((command) => command.name() === 'runbook')!;
  // Or its own options would take those of the commands below it.
  runbook.enablePositionalOptions();
  addCheck(runbook, cli);
  addGraph(runbook, cli);
};

function addCheck(runbook: Command, { io, ends }: Cli): void {
  withPlace(
    runbook
      .command('check')
      .description(
        'List all problems of the runbooks and actions with file, line and column; exit 1 when there are any',
      )
      .argument('[names...]', 'only these runbooks and actions'),
  )
    .option('--json', 'print JSON')
    .action(
      ends(async (names: readonly string[], { json, ...place }: PolicyPlace & { readonly json?: boolean }) => {
        const { shown, commit, files, result, unread } = await readPolicy(io, place, 'here');
        const read = files.filter((file) => isRunbook(file) && (names.length === 0 || names.includes(stemOf(file))));
        refuseUnknown(names, files.filter(isRunbook).map(stemOf));
        const problems = (result.ok ? [] : result.problems).filter(({ file }) => read.includes(file));
        const left = unread.filter((sentence) => /^(?:runbooks|actions)\//.test(sentence));
        const others = result.ok ? 0 : result.problems.length - problems.length;
        const count = problems.length + (names.length === 0 ? left.length : 0);
        if (json) printJson(io, { ok: count === 0, commit, files: read, problems, unread: left });
        else {
          for (const problem of problems) io.out(formatProblem(problem));
          if (names.length === 0) for (const sentence of left) io.out(sentence);
        }
        if (others > 0 && names.length === 0)
          io.err(
            `Other files have ${plural(others, 'problem')} as well, for which this state would not bind; "signalbox policy check" lists them.`,
          );
        if (count > 0) {
          if (!json) io.err(`The runbooks and actions of ${shown} have ${plural(count, 'problem')}.`);
          return 1;
        }
        if (!json) io.out(`${plural(read.length, 'file')} of ${shown} can be used.`);
        return 0;
      }),
    );
}

function addGraph(runbook: Command, { io, ends }: Cli): void {
  withPlace(
    runbook
      .command('graph')
      .description(
        'Print a runbook or an action as a Mermaid flow chart: steps, nesting, what runs at once, undos dotted',
      )
      .argument('<name>'),
  )
    .option('--json', 'print JSON')
    .action(
      ends(async (name: string, { json, ...place }: PolicyPlace & { readonly json?: boolean }) => {
        const repository = bindingOf(await readPolicy(io, place, 'here'));
        const { runbooks, actions } = repository;
        const filed = runbooks.get(name) ?? actions.get(name.replace(/^actions\//, ''));
        if (!filed) throw unknown(name, [...runbooks.keys(), ...actions.keys()]);
        const mermaid = runbookGraph(filed.document, libraryOf(repository));
        if (json) printJson(io, { name: filed.document.name, file: filed.file, mermaid });
        else io.out(mermaid);
        return 0 as const;
      }),
    );
}

function isRunbook(file: string): boolean {
  return /^(?:runbooks|actions)\//.test(file);
}

function stemOf(file: string): string {
  return file.replace(/^.*\/|\.ya?ml$/g, '');
}

function refuseUnknown(names: readonly string[], known: readonly string[]): void {
  for (const name of names) if (!known.includes(name)) throw unknown(name, known);
}

function unknown(name: string, known: readonly string[]): BadInput {
  const list = known.length > 0 ? `there are: ${[...known].sort().join(', ')}` : 'there are none';
  return new BadInput(`There is no runbook or action "${name}" here; ${list}.`);
}
