import { z } from 'zod';
import type { StepKindSpec } from '../step-kind';
import {
  terraformBackend,
  terraformFolder,
  terraformFoldersOf,
  terraformSecrets,
  terraformTool,
  terraformVars,
  terraformWorkspace,
} from './terraform';

export const terraformPlanWith = z.strictObject({
  folder: terraformFolder,
  tool: terraformTool.optional(),
  vars: terraformVars.default({}),
  workspace: terraformWorkspace.optional(),
  backend: terraformBackend.optional(),
  secrets: terraformSecrets.default({}),
  /** A plan that takes away everything that the state has. */
  destroy: z.boolean().default(false),
});

export type TerraformPlanWith = z.infer<typeof terraformPlanWith>;

export const terraformPlan: StepKindSpec = {
  name: 'terraform/plan',
  doc: 'Makes a plan with Terraform or OpenTofu from a folder of the policy repository and keeps it for `terraform/apply`; it changes nothing, so it may be a `resolve` step. `vars` are values, never expressions. Expressions see `file` (the saved plan), `creates`, `updates`, `replaces` and `destroys` (numbers, which policy hears from a `resolve` step by itself), `changes` (all of them), `has_changes` and `addresses` (the first 40). The folder needs a backend.',
  with: terraformPlanWith,
  tells: ['file', 'creates', 'updates', 'replaces', 'destroys', 'changes', 'has_changes', 'addresses'],
  facts: ['creates', 'updates', 'replaces', 'destroys'],
  literal: ['folder', 'tool', 'secrets', 'destroy'],
  readOnly: () => true,
  repeat: () => 'safe',
  timeoutMs: 15 * 60_000,
  folders: terraformFoldersOf,
};
