import { terraformDestroy, type TerraformDestroyWith } from '../../src/runbooks/kinds/terraform-destroy';
import { ProgramArguments } from '../processes/program-arguments';
import { StepError, type StepAnswer } from './outcomes';
import { stepKind, type StepContext } from './step-kind';
import { foretold, makePlan } from './terraform-plan';
import { lockedWords, lockTimeout, openTerraform, wordsOf } from './terraform-session';

export const runTerraformDestroy = stepKind<TerraformDestroyWith>(terraformDestroy, run, check);

async function run(context: StepContext<TerraformDestroyWith>): Promise<StepAnswer> {
  const { given } = context;
  const workspace = await context.workspace();
  const session = await openTerraform(context, given);
  const args = new ProgramArguments('destroy', '-auto-approve', '-input=false', '-no-color')
    .option('--lock-timeout', lockTimeout(context))
    .option('--var-file', await workspace.write('vars.tfvars.json', JSON.stringify(given.vars)));
  const end = await session.run(args);
  if (end.code !== 0)
    throw new StepError(
      lockedWords(end, given.folder) ?? `${session.tool} could not take away all of ${given.folder}: ${wordsOf(end)}.`,
    );
  return { tells: {}, summary: /^Destroy complete! Resources: (.*)\.$/m.exec(end.stdout)?.[1] ?? 'destroyed' };
}

async function check(context: StepContext<TerraformDestroyWith>): Promise<StepAnswer> {
  const { given } = context;
  const session = await openTerraform(context, given);
  const { path } = await makePlan(context, session, { ...given, destroy: true });
  return foretold(session, { ...given, path });
}
