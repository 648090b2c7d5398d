import { z } from 'zod';
import { fileRefSchema } from '../file-ref';
import type { StepKindSpec } from '../step-kind';
import { terraformFolder, terraformFoldersOf, terraformSecrets } from './terraform';

export const terraformApplyWith = z.strictObject({
  folder: terraformFolder,
  /** The `file` of a `terraform/plan` of the same folder. */
  plan: fileRefSchema,
  secrets: terraformSecrets.default({}),
});

export type TerraformApplyWith = z.infer<typeof terraformApplyWith>;

export const terraformApply: StepKindSpec = {
  name: 'terraform/apply',
  doc: 'Carries out exactly the plan that a `terraform/plan` has saved; take it from `resolve`, and it is what people approved. A plan that is out of date is refused and never made anew. If the runner was lost half-way, the next attempt plans again and looks: nothing left to do is a success, anything else is refused. Expressions see `outputs`, without those that are sensitive.',
  with: terraformApplyWith,
  tells: ['outputs'],
  literal: ['folder', 'secrets'],
  readOnly: () => false,
  check: 'What the saved plan would do is read from it.',
  repeat: () => 'safe',
  timeoutMs: 60 * 60_000,
  folders: terraformFoldersOf,
};
