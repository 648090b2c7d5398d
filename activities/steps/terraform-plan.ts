import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { JsonObject } from '../../src/json';
import { terraformPlan, type TerraformPlanWith } from '../../src/runbooks/kinds/terraform-plan';
import { ProgramArguments } from '../processes/program-arguments';
import { StepError, StepFailed, type StepAnswer } from './outcomes';
import { stepKind, type StepContext } from './step-kind';
import { keepPlan, treeOf } from './terraform-saved';
import { lockedWords, lockTimeout, openTerraform, wordsOf, type TerraformSession } from './terraform-session';

const shownAddresses = 40;
const shownLines = 20;
const longestAddress = 150;

export const runTerraformPlan = stepKind<TerraformPlanWith>(terraformPlan, async (context) => {
  const { given } = context;
  const session = await openTerraform(context, given);
  const { path, code } = await makePlan(context, session, given);
  const { changes, strange } = await readPlan(session, { path, ...given });
  if (strange.length > 0)
    throw new StepFailed(
      `${given.folder} declares no variable ${strange.join(', ')}; correct "vars" of “${context.step.name}”.`,
    );
  const lock = await session.lock();
  const file = await keepPlan(context, {
    format: 1,
    tool: session.tool,
    folder: given.folder,
    tree: treeOf(context, given.folder),
    vars: given.vars,
    ...(given.workspace === undefined ? {} : { workspace: given.workspace }),
    ...(given.backend === undefined ? {} : { backend: given.backend }),
    destroy: given.destroy,
    ...(lock === undefined ? {} : { lock }),
    plan: (await readFile(path)).toString('base64'),
  });
  const count = (what: Change['what']): number => changes.filter((change) => change.what === what).length;
  const tells: JsonObject = {
    file,
    creates: count('create'),
    updates: count('update'),
    replaces: count('replace'),
    destroys: count('destroy'),
    changes: changes.length,
    has_changes: code === 2,
    addresses: changes.slice(0, shownAddresses).map(({ address }) => address),
  };
  return { tells, summary: summaryOf(changes, code === 2), detail: linesOf(changes) };
});

/** What a plan would do, for a dry run of what carries it out. */
export async function foretold(
  session: TerraformSession,
  plan: Pick<TerraformPlanWith, 'folder' | 'vars'> & { readonly path: string },
): Promise<StepAnswer> {
  const { changes } = await readPlan(session, plan);
  return { tells: {}, summary: summaryOf(changes, changes.length > 0), detail: linesOf(changes) };
}

/** Makes a plan: the code is 2 when there is something to do, and 0 when there is not. Throws `StepError`. */
export async function makePlan(
  context: StepContext<unknown>,
  session: TerraformSession,
  given: Pick<TerraformPlanWith, 'folder' | 'vars' | 'destroy'>,
): Promise<{ readonly path: string; readonly code: number }> {
  const workspace = await context.workspace();
  const path = join(workspace.temporary, 'made.plan');
  const args = new ProgramArguments('plan', '-input=false', '-no-color', '-detailed-exitcode')
    .option('--lock-timeout', lockTimeout(context))
    .option('--out', path)
    .option('--var-file', await workspace.write('vars.tfvars.json', JSON.stringify(given.vars)));
  if (given.destroy) args.switch('-destroy');
  const end = await session.run(args);
  if (end.code !== 0 && end.code !== 2)
    throw new StepError(
      lockedWords(end, given.folder) ?? `${session.tool} could not plan ${given.folder}: ${wordsOf(end)}.`,
    );
  return { path, code: end.code };
}

interface Change {
  readonly what: 'destroy' | 'replace' | 'update' | 'create';
  readonly address: string;
}

const order: readonly Change['what'][] = ['destroy', 'replace', 'update', 'create'];

const planSchema = z.object({
  resource_changes: z
    .array(z.object({ address: z.string(), change: z.object({ actions: z.array(z.string()) }) }))
    .default([]),
  configuration: z.object({ root_module: z.object({ variables: z.record(z.string(), z.unknown()).default({}) }) }),
});

/** What the plan would do, the worst first, and the variables that nobody declares. */
async function readPlan(
  session: TerraformSession,
  { path, folder, vars }: Pick<TerraformPlanWith, 'folder' | 'vars'> & { readonly path: string },
): Promise<{ readonly changes: readonly Change[]; readonly strange: readonly string[] }> {
  // Sensitive values stand in it as they are.
  const shown = await session.run(new ProgramArguments('show', '-json').value(path), { isPrivate: true });
  if (shown.code !== 0 || !shown.isWhole)
    throw new StepError(`${session.tool} could not show the plan of ${folder}: ${wordsOf(shown)}.`);
  const plan = planSchema.parse(JSON.parse(shown.stdout));
  const changes = plan.resource_changes.flatMap(({ address, change }) => {
    const what = whatOf(change.actions);
    return what ? [{ what, address: short(address) }] : [];
  });
  changes.sort((left, right) => order.indexOf(left.what) - order.indexOf(right.what));
  const { variables } = plan.configuration.root_module;
  return { changes, strange: Object.keys(vars).filter((name) => !Object.hasOwn(variables, name)) };
}

function whatOf(actions: readonly string[]): Change['what'] | undefined {
  if (actions.includes('delete')) return actions.includes('create') ? 'replace' : 'destroy';
  if (actions.includes('create')) return 'create';
  return actions.includes('update') ? 'update' : undefined;
}

function short(address: string): string {
  const plain = address.replace(/\p{C}/gu, '�');
  return plain.length > longestAddress ? `${plain.slice(0, longestAddress - 1)}…` : plain;
}

function summaryOf(changes: readonly Change[], hasChanges: boolean): string {
  const said = order.flatMap((what) => {
    const count = changes.filter((change) => change.what === what).length;
    return count > 0 ? [`${count} to ${what}`] : [];
  });
  if (said.length > 0) return said.join(', ');
  return hasChanges ? 'only outputs or names change' : 'nothing to change';
}

function linesOf(changes: readonly Change[]): readonly string[] {
  const shown = changes.slice(0, shownLines).map(({ what, address }) => `${what} ${address}`);
  return changes.length > shownLines ? [...shown, `and ${changes.length - shownLines} more`] : shown;
}
