import { evaluate, type Evaluation } from '../../policy/evaluate';
import { explainJson, explainVerdict } from '../../policy/explain';
import { answerLines } from './answer-lines';
import { BadInput, parseJson, printJson, type AddCommand, type ExitCode } from './command';
import { questionOf, refuseUnknownTeams } from './explain-input';
import type { Io } from './io';
import { bindingOf, readPolicy, type PolicyPlace } from './policy-files';
import { withPlace } from './policy-place';

interface Options extends PolicyPlace {
  readonly request?: string;
  readonly at?: string;
  readonly facts?: string;
  readonly batch?: string;
  readonly json?: boolean;
}

export const addPolicyExplain: AddCommand = (program, { io, ends }) => {
  withPlace(program.command('explain').description('Say what the policy says of a request at an instant, and why'))
    .option('--request <JSON>', 'kind, service, environment, version, requester, riskLevel, …')
    .option('--at <instant>', 'ISO 8601 with its offset; now when absent')
    .option('--facts <JSON>', 'teams, votes, history, locks, freezes, stop, incidents, plan, paths, change, codeowners')
    .option('--batch <file>', 'JSON lines {request, at, facts}, "-" for standard input; prints a verdict a line')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit 0 allowed, 1 denied, 2 bad input; a batch exits 0 once every line is judged.')
    .action(
      ends(async ({ request, at, facts, batch, json, ...place }: Options): Promise<ExitCode> => {
        if ((request === undefined) === (batch === undefined))
          throw new BadInput('Give a request: either one with --request, or a file of them with --batch.');
        if (batch !== undefined && (at !== undefined || facts !== undefined))
          throw new BadInput('In a batch every line brings its own "at" and "facts"; leave out --at and --facts.');
        const question = request === undefined ? undefined : oneOf({ request, at, facts }, io);
        const { policy } = bindingOf(await readPolicy(io, place));
        if (batch !== undefined)
          return answerLines({ io, file: batch }, (line) => {
            const asked = questionOf(line as Parameters<typeof questionOf>[0], io.now());
            refuseUnknownTeams(asked, policy);
            return explainJson(evaluate({ policy, ...asked }));
          });
        refuseUnknownTeams(question!, policy);
        const evaluation = evaluate({ policy, ...question! });
        if (json) printJson(io, explainJson(evaluation));
        else for (const sentence of explainVerdict(evaluation)) io.out(sentence);
        return codeOf(evaluation);
      }),
    );
};

function oneOf(
  given: { readonly request: string; readonly at?: string; readonly facts?: string },
  io: Io,
): ReturnType<typeof questionOf> {
  const request = parseJson(given.request, 'The value of --request');
  const facts = given.facts === undefined ? undefined : parseJson(given.facts, 'The value of --facts');
  return questionOf({ request, at: given.at, facts }, io.now());
}

function codeOf({ verdict }: Evaluation): ExitCode {
  return verdict === 'allowed' ? 0 : 1;
}
