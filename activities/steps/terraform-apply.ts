import { z } from 'zod';
import type { Json, JsonObject } from '../../src/json';
import { terraformApply, type TerraformApplyWith } from '../../src/runbooks/kinds/terraform-apply';
import { ProgramArguments } from '../processes/program-arguments';
import { StepError, StepFailed, type StepAnswer } from './outcomes';
import { stepKind, type StepContext } from './step-kind';
import { foretold, makePlan } from './terraform-plan';
import { planIn, type SavedPlan } from './terraform-saved';
import { lockedWords, lockTimeout, openTerraform, wordsOf, type TerraformSession } from './terraform-session';

const maxOutputsBytes = 256 * 1024;
/** Saved before the plan is carried out, so that an attempt that comes after a lost one knows that it may be half done. */
const begun = 'begun';

export const runTerraformApply = stepKind<TerraformApplyWith>(terraformApply, run, check);

async function run(context: StepContext<TerraformApplyWith>): Promise<StepAnswer> {
  const { given } = context;
  const saved = await planIn(context);
  const session = await openTerraform(context, { ...saved, secrets: given.secrets });
  const summary =
    context.checkpoint() === begun ? await look(context, session, saved) : await apply(context, session, saved);
  return { tells: { outputs: await outputsOf(session, given.folder) }, summary };
}

async function check(context: StepContext<TerraformApplyWith>): Promise<StepAnswer> {
  const saved = await planIn(context);
  const session = await openTerraform(context, { ...saved, secrets: context.given.secrets });
  return foretold(session, { ...saved, path: await write(context, saved) });
}

async function write(context: StepContext<unknown>, saved: SavedPlan): Promise<string> {
  const workspace = await context.workspace();
  return workspace.write('saved.plan', Buffer.from(saved.plan, 'base64'));
}

/** Carries out the saved plan, and says what came of it. */
async function apply(
  context: StepContext<TerraformApplyWith>,
  session: TerraformSession,
  saved: SavedPlan,
): Promise<string> {
  const { folder } = context.given;
  const path = await write(context, saved);
  await context.saveCheckpoint(begun);
  const args = new ProgramArguments('apply', '-input=false', '-no-color')
    .option('--lock-timeout', lockTimeout(context))
    .value(path);
  const end = await session.run(args);
  if (end.code === 0) return /^Apply complete! Resources: (.*)\.$/m.exec(end.stdout)?.[1] ?? 'applied';
  const locked = lockedWords(end, folder);
  if (locked !== undefined) {
    await context.saveCheckpoint(null);
    throw new StepError(locked, { unsent: true });
  }
  if (end.errors.some((error) => error.startsWith('Saved plan is stale')))
    throw new StepFailed(
      `The plan of ${folder} is out of date, because its state has changed since; nothing was changed. Ask again, so that a new plan is made and approved.`,
    );
  throw new StepFailed(
    `${session.tool} could not carry out the plan of ${folder}: ${wordsOf(end)}. What it had done by then is in the state; ask again, and the new plan has the rest.`,
  );
}

/** An earlier attempt was lost: what it has done can only be told by planning again. */
async function look(
  context: StepContext<TerraformApplyWith>,
  session: TerraformSession,
  saved: SavedPlan,
): Promise<string> {
  const { code } = await makePlan(context, session, saved);
  if (code === 0) return 'was carried out by the attempt before';
  throw new StepFailed(
    `“${context.step.name}” was interrupted while it carried out its plan, and not all of it is done. It is not carried on, because what was made last may not be in the state; look at it, then ask again, and the new plan has the rest.`,
  );
}

const outputsSchema = z.record(z.string(), z.object({ sensitive: z.boolean().default(false), value: z.json() }));

async function outputsOf(session: TerraformSession, folder: string): Promise<JsonObject> {
  const end = await session.run(new ProgramArguments('output', '-json', '-no-color'), { isPrivate: true });
  if (end.code !== 0) throw new StepError(`${session.tool} could not tell the outputs of ${folder}: ${wordsOf(end)}.`);
  const all = Object.entries(outputsSchema.parse(JSON.parse(end.stdout)));
  const outputs: { [name: string]: Json } = {};
  for (const [name, { sensitive, value }] of all) if (!sensitive) outputs[name] = value;
  if (Buffer.byteLength(JSON.stringify(outputs)) > maxOutputsBytes)
    throw new StepFailed(`The outputs of ${folder} have more than ${maxOutputsBytes / 1024} KiB.`);
  return outputs;
}
