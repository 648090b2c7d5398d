import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { evaluate, type Evaluation } from '../../policy/evaluate';
import { explainJson, explainVerdict } from '../../policy/explain';
import type { Policy } from '../../policy/policy';
import { BadInput, parseJson, printJson, type AddCommand, type ExitCode } from './command';
import { questionOf } from './explain-input';
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

/** How many verdicts are written at once. */
const chunk = 500;

export const addPolicyExplain: AddCommand = (program, { io, ends }) => {
  withPlace(program.command('explain').description('Say what the policy says of a request at an instant, and why'))
    .option('--request <JSON>', 'kind, service, environment, version, requester, riskLevel, …')
    .option('--at <instant>', 'ISO 8601 with its offset; now when absent')
    .option('--facts <JSON>', 'teams, votes, history, locks, incidents, plan, paths')
    .option('--batch <file>', 'JSON lines {request, at, facts}, "-" for standard input; prints a verdict a line')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit 0 allowed, 1 denied, 2 bad input; a batch exits 0 once every line is judged.')
    .action(
      ends(async ({ request, at, facts, batch, json, ...place }: Options): Promise<ExitCode> => {
        if ((request === undefined) === (batch === undefined))
          throw new BadInput('Give a request: either one with --request, or a file of them with --batch.');
        if (batch !== undefined && (at !== undefined || facts !== undefined))
          throw new BadInput('In a batch every line brings its own "at" and "facts"; leave out --at and --facts.');
        const lines = batch === undefined ? undefined : await batchOf(io, batch);
        const question = request === undefined ? undefined : oneOf({ request, at, facts }, io);
        const { policy } = bindingOf(await readPolicy(io, place));
        if (lines !== undefined) return explainAll({ io, policy, lines });
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

async function batchOf(io: Io, file: string): Promise<readonly string[]> {
  const text = file === '-' ? await io.input() : readText(resolve(io.cwd, file));
  return text.split(/\r?\n/);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new BadInput(`${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

/** One line of the answer for each line of the question, also for those that cannot be judged. */
function explainAll(spec: { readonly io: Io; readonly policy: Policy; readonly lines: readonly string[] }): ExitCode {
  const { io, policy, lines } = spec;
  let bad = 0;
  let waiting: string[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    try {
      const given = parseJson(line, `Line ${index + 1}`);
      if (typeof given !== 'object' || given === null) throw new BadInput(`Line ${index + 1} is not an object.`);
      const question = questionOf(given as Parameters<typeof questionOf>[0], io.now());
      waiting.push(JSON.stringify(explainJson(evaluate({ policy, ...question }))));
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      bad += 1;
      waiting.push(JSON.stringify({ error: error.message }));
    }
    if (waiting.length === chunk) {
      io.out(waiting.join('\n'));
      waiting = [];
    }
  }
  if (waiting.length > 0) io.out(waiting.join('\n'));
  if (bad > 0) io.err(`${bad} of ${lines.length} lines could not be judged; their line says why.`);
  return bad > 0 ? 2 : 0;
}
