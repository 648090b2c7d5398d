import { instantWords, isInstant } from '../../documents/instant';
import { compileExpression, evaluate, type Evaluated, type NameSpace } from '../../expressions/cel';
import { BadInput, parseJson, printJson, type AddCommand, type ExitCode } from './command';
import { answerLines } from './answer-lines';
import type { Io } from './io';

interface Options {
  readonly with?: string;
  readonly zone?: string;
  readonly batch?: string;
  readonly json?: boolean;
}

interface Question {
  readonly expression: string;
  readonly variables: { readonly [name: string]: unknown };
  readonly zone?: string;
}

type Answer = Evaluated | { readonly ok: false; readonly message: string; readonly unread: true };

export const addCel: AddCommand = (program, { io, ends }) => {
  program
    .command('cel')
    .argument('[expression]', 'a condition as policy.yaml has them, or any other CEL expression')
    .description('Evaluate one CEL expression as a gate would')
    .option('--with <JSON>', 'the facts it may name: {"change": {"risk_level": "high"}}; `now` is an instant')
    .option('--zone <name>', 'time zone of now.getHours() and the like; UTC when absent')
    .option('--batch <file>', 'JSON lines {expression, with, zone}, "-" for standard input; prints an answer a line')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit 0 with a value, 1 when it cannot be evaluated, 2 when it cannot be read.')
    .action(
      ends(async (expression: string | undefined, given: Options): Promise<ExitCode> => {
        if ((expression === undefined) === (given.batch === undefined))
          throw new BadInput('Give an expression: either one as an argument, or a file of them with --batch.');
        if (given.batch !== undefined)
          return answerLines({ io, file: given.batch }, (line) => asJson(answer(questionIn(line, io))));
        const facts = given.with === undefined ? {} : parseJson(given.with, 'The value of --with');
        const answered = answer(questionIn({ expression, with: facts, zone: given.zone }, io));
        if (given.json) printJson(io, asJson(answered));
        else if (answered.ok) io.out(JSON.stringify(answered.value));
        else io.err(answered.message);
        return answered.ok ? 0 : 'unread' in answered ? 2 : 1;
      }),
    );
};

function questionIn(given: object, io: Io): Question {
  const { expression, with: facts = {}, zone } = given as Record<string, unknown>;
  if (typeof expression !== 'string') throw new BadInput('"expression" has to be a text.');
  if (typeof facts !== 'object' || facts === null || Array.isArray(facts))
    throw new BadInput('The facts have to be an object: {"change": {"risk_level": "high"}}.');
  if (zone !== undefined && !isZone(zone)) throw new BadInput(`${JSON.stringify(zone)} is not an IANA time zone.`);
  return { expression, variables: { now: io.now().toISOString(), ...facts }, zone: zone as string | undefined };
}

function answer({ expression, variables, zone }: Question): Answer {
  if (typeof variables.now !== 'string' || !isInstant(variables.now)) throw new BadInput(`"now" ${instantWords}.`);
  const names: NameSpace = Object.fromEntries(
    Object.keys(variables).map((name) => [name, name === 'now' ? 'timestamp' : 'open']),
  );
  const compiled = compileExpression({ source: expression, names });
  if (compiled.ok) return evaluate(compiled, variables, { zone });
  const said = compiled.problems.map(({ message, hint }) => (hint ? `${message} (${hint})` : message));
  return { ok: false, message: `It cannot be read: ${said.join('; ')}.`, unread: true };
}

function asJson(answered: Answer): object {
  return answered.ok ? { value: answered.value } : { error: answered.message };
}

function isZone(zone: unknown): boolean {
  try {
    return typeof zone === 'string' && Boolean(new Intl.DateTimeFormat('en', { timeZone: zone }));
  } catch {
    return false;
  }
}
