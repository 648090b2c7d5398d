import { z } from 'zod';
import { stepKinds, type StepKindSpec } from '../../runbooks/step-kinds';
import { formatDuration } from '../../runbooks/duration';
import { printJson, type AddCommand } from './command';

export const addSteps: AddCommand = (program, { io, ends }) => {
  program
    .command('steps')
    .description('Print the catalogue of step kinds that runbooks can use')
    .option('--json', 'print JSON, with the schema of each "with"')
    .action(
      ends(({ json }: { readonly json?: boolean }) => {
        if (json) printJson(io, stepKinds.map(asJson));
        else for (const kind of stepKinds) io.out(`${lines(kind).join('\n')}\n`);
        return 0;
      }),
    );
};

function lines(kind: StepKindSpec): readonly string[] {
  const keys = kind.with instanceof z.ZodObject ? Object.entries(kind.with.shape as Record<string, z.ZodType>) : [];
  const named = keys.map(([key, schema]) => (schema.safeParse(undefined).success ? `[${key}]` : key));
  return [
    kind.name,
    `  ${kind.doc}`,
    ...(named.length > 0 ? [`  with: ${named.join(', ')}`] : []),
    ...(kind.tells.length > 0 ? [`  tells: ${kind.tells.join(', ')}`] : []),
    `  One attempt takes ${formatDuration(kind.timeoutMs)} at most, unless the runbook says otherwise.`,
  ];
}

function asJson({ name, doc, tells, timeoutMs, ...kind }: StepKindSpec) {
  return { name, doc, tells, timeoutMs, with: z.toJSONSchema(kind.with, { io: 'input', unrepresentable: 'any' }) };
}
