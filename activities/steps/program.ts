import type { Json } from '../../src/json';
import { program, type ProgramWith } from '../../src/runbooks/kinds/program';
import { ProgramArguments } from '../processes/program-arguments';
import { StepError, StepFailed } from './outcomes';
import { stepKind } from './step-kind';

const maxResultBytes = 256 * 1024;

export const runProgramStep = stepKind<ProgramWith>(program, async (context) => {
  const { given, step } = context;
  const allowed = context.allowedProgram(given.program);
  if (!allowed)
    throw new StepFailed(
      `The runners of the pool ${step.pool} do not allow the program ${given.program}; whoever runs them adds it to the file that RUNNER_PROGRAMS names.`,
    );
  if (step.repeat === 'safe' && !context.isUndo && allowed.repeat !== 'safe')
    throw new StepFailed(
      `“${step.name}” says that ${given.program} may be done twice, and the runners of the pool ${step.pool} do not; leave out "repeat: safe", or let whoever runs them add it to RUNNER_PROGRAMS.`,
    );
  const workspace = await context.workspace();
  const end = await context.run({
    program: allowed.path,
    args: new ProgramArguments(...allowed.args),
    input: JSON.stringify(given.input ?? null),
    cwd: given.folder === undefined ? workspace.root : workspace.folder(given.folder),
    network: allowed.network,
  });
  if (end.code !== 0) {
    const said = end.lastError === undefined ? '' : ` and said: ${end.lastError}`;
    throw new StepError(`The program ${given.program} ended with the code ${end.code}${said}.`);
  }
  return { tells: { result: resultOf(given.program, end) }, summary: `${given.program} is done` };
});

function resultOf(name: string, { stdout, isWhole }: { readonly stdout: string; readonly isWhole: boolean }): Json {
  if (!isWhole || Buffer.byteLength(stdout) > maxResultBytes)
    throw new StepFailed(`The program ${name} printed more than ${maxResultBytes / 1024} KiB, which is no result.`);
  if (stdout.trim() === '') return null;
  try {
    return JSON.parse(stdout) as Json;
  } catch {
    throw new StepFailed(
      `The program ${name} is done, but what it printed is not JSON; it has to write everything else to its standard error.`,
    );
  }
}
