import { z } from 'zod';
import { terraformBackend, terraformTool, terraformVars, terraformWorkspace } from '../../src/runbooks/kinds/terraform';
import type { FileRef } from '../../src/runbooks/file-ref';
import { StepFailed } from './outcomes';
import type { StepContext } from './step-kind';

const savedSchema = z.strictObject({
  format: z.literal(1),
  tool: terraformTool,
  folder: z.string(),
  /** Address of the folder's files as they were planned. */
  tree: z.string(),
  vars: terraformVars,
  workspace: terraformWorkspace.optional(),
  backend: terraformBackend.optional(),
  destroy: z.boolean(),
  /** The versions of providers that it was planned with. */
  lock: z.string().optional(),
  /** The plan as the tool has written it, base64. */
  plan: z.string(),
});

/** A saved plan with all that it takes to carry it out elsewhere, and to tell later whether it was. */
export type SavedPlan = z.infer<typeof savedSchema>;

export function keepPlan(context: StepContext<unknown>, saved: SavedPlan): Promise<FileRef> {
  return context.keepFile(Buffer.from(JSON.stringify(saved)), 'terraform.plan');
}

/** The saved plan of a file. Throws `StepFailed` when it is none, or one of another folder or of other files. */
export async function planIn(
  context: StepContext<{ readonly folder: string; readonly plan: FileRef }>,
): Promise<SavedPlan> {
  const { folder, plan: file } = context.given;
  const saved = savedOf((await context.readFile(file)).toString('utf8'));
  if (!saved)
    throw new StepFailed(
      `The file ${file.$file.name} is no saved plan; take "file" of a step of the kind terraform/plan.`,
    );
  if (saved.folder !== folder)
    throw new StepFailed(`The plan was made for ${saved.folder}, and this step is about ${folder}.`);
  if (saved.tree !== treeOf(context, folder))
    throw new StepFailed(
      `The plan was made from other files than ${folder} has now; nothing was changed. Ask again, so that a new plan is made and approved.`,
    );
  return saved;
}

/** Address of the files of a folder as they were approved. */
export function treeOf({ plan }: StepContext<unknown>, folder: string): string {
  return plan.trees?.[folder]?.digest ?? '';
}

function savedOf(text: string): SavedPlan | undefined {
  try {
    return savedSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
