import { terraformDestroy, type TerraformDestroyWith } from '../../src/runbooks/kinds/terraform-destroy';
import { ProgramArguments } from '../processes/program-arguments';
import { StepError } from './outcomes';
import { stepKind } from './step-kind';
import { lockedWords, lockTimeout, openTerraform, wordsOf } from './terraform-session';

export const runTerraformDestroy = stepKind<TerraformDestroyWith>(terraformDestroy, async (context) => {
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
});
