import { formatProblem } from '../../documents/read-yaml';
import { runPolicyTests } from '../../policy/policy-tests';
import { plural, printJson, type AddCommand } from './command';
import { readPolicy, type PolicyPlace } from './policy-files';
import { placeOf, withFolderArgument } from './policy-place';

export const addPolicyCheck: AddCommand = (program, { io, ends }) => {
  withFolderArgument(
    program.command('check').description('Read every file and list all problems; exit 1 when there are any'),
  )
    .option('--json', 'print JSON')
    .action(
      ends(async (folder: string | undefined, { json, ...place }: PolicyPlace & { readonly json?: boolean }) => {
        const { shown, commit, unread, result, infrastructure } = await readPolicy(io, placeOf(folder, place), 'here');
        const tests = result.ok ? runPolicyTests(result.repository.policy) : undefined;
        const problems = [...(result.ok ? [] : result.problems), ...(tests?.problems ?? [])];
        const warnings = result.ok ? result.repository.policy.warnings : [];
        const failed = (tests?.results ?? []).filter(({ differences }) => differences.length > 0).length;
        const binding = problems.length + unread.length + failed;
        const undeclared = infrastructure.ok ? [] : infrastructure.problems;
        problems.push(...undeclared);
        const count = binding + undeclared.length;
        if (json) {
          printJson(io, { ok: count === 0, commit, problems, unread, warnings, failedTests: failed });
          return count === 0 ? 0 : 1;
        }
        for (const problem of problems) io.out(formatProblem(problem));
        for (const sentence of unread) io.out(sentence);
        for (const warning of warnings) io.out(`${formatProblem(warning)} (a warning)`);
        if (failed > 0) io.out(`${plural(failed, 'policy test')} failed; "signalbox policy test" says how.`);
        if (count === 0 && result.ok) {
          const { policy, runbooks } = result.repository;
          io.out(
            `The policy of ${shown} can be used: ${plural(policy.services.size, 'service')}, ${plural(policy.environments.size, 'environment')}, ${plural(runbooks.size, 'runbook')}.`,
          );
          return 0;
        }
        const follows =
          binding > 0 ? 'so this state would not bind' : 'which keep nothing but /provision servers from working';
        io.err(`The policy of ${shown} has ${plural(count, 'problem')}, ${follows}.`);
        return 1;
      }),
    );
};
