import { formatProblem } from '../../documents/read-yaml';
import { runPolicyTests } from '../../policy/policy-tests';
import { plural, printJson, type AddCommand } from './command';
import { bindingOf, readPolicy, type PolicyPlace } from './policy-files';
import { placeOf, withFolderArgument } from './policy-place';

export const addPolicyTest: AddCommand = (program, { io, ends }) => {
  withFolderArgument(program.command('test').description('Run the cases in policy_tests/; exit 1 when one fails'))
    .option('--json', 'print JSON')
    .action(
      ends(async (folder: string | undefined, { json, ...place }: PolicyPlace & { readonly json?: boolean }) => {
        const read = await readPolicy(io, placeOf(folder, place), 'here');
        const { results, problems } = runPolicyTests(bindingOf(read).policy);
        const failed = results.filter(({ differences }) => differences.length > 0);
        const ok = failed.length === 0 && problems.length === 0;
        if (json) {
          printJson(io, { ok, commit: read.commit, problems, results });
          return ok ? 0 : 1;
        }
        for (const problem of problems) io.out(formatProblem(problem));
        for (const { file, line, name, differences } of failed)
          for (const difference of differences) io.out(`${file}:${line}: "${name}": ${difference}.`);
        const passed = results.length - failed.length;
        io.out(`${plural(results.length, 'test')} ran, ${passed} passed and ${failed.length} failed.`);
        return ok ? 0 : 1;
      }),
    );
};
