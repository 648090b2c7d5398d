import type { z } from 'zod';
import type { StepKindSpec } from '../step-kind';
import { terraformFoldersOf } from './terraform';
import { terraformPlanWith } from './terraform-plan';

export const terraformDestroyWith = terraformPlanWith.omit({ destroy: true });

export type TerraformDestroyWith = z.infer<typeof terraformDestroyWith>;

export const terraformDestroy: StepKindSpec = {
  name: 'terraform/destroy',
  doc: 'Takes away everything that the state of a folder has, whoever made it, without a plan that people have seen: for an undo or the end of a lease. To have it approved, make a `terraform/plan` with `destroy: true` and apply that. What is gone already stays gone, so it may be done again.',
  with: terraformDestroyWith,
  tells: [],
  literal: ['folder', 'tool', 'secrets'],
  readOnly: () => false,
  check: 'A plan to destroy is made, and what it would do is told.',
  repeat: () => 'safe',
  timeoutMs: 60 * 60_000,
  folders: terraformFoldersOf,
};
