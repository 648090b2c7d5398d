import { Argument } from 'commander';
import { z } from 'zod';
import { connectionSchema } from '../../connections/schema';
import { policyTestsSchema } from '../../policy/policy-tests';
import { peopleSchema, policySchema, serviceSchema } from '../../policy/schema';
import { rolloutSchema } from '../../rollouts/schema';
import { runbookSchema } from '../../runbooks/schema';
import { printJson, type AddCommand } from './command';

const schemas = {
  policy: { title: 'policy.yaml', schema: policySchema },
  people: { title: 'people.yaml', schema: peopleSchema },
  service: { title: 'configs/services/<name>.yaml', schema: serviceSchema },
  rollout: { title: 'deployments/<name>.yaml', schema: rolloutSchema },
  runbook: { title: 'runbooks/<name>.yaml', schema: runbookSchema },
  connection: { title: 'connections/<name>.yaml', schema: connectionSchema },
  policy_tests: { title: 'policy_tests/<name>.yaml', schema: policyTestsSchema },
} as const;

export const addSchema: AddCommand = (program, { io, ends }) => {
  program
    .command('schema')
    .description('Print the JSON Schema of a file format, for editors')
    .addArgument(new Argument('<format>').choices(Object.keys(schemas)))
    .action(
      ends((format: keyof typeof schemas) => {
        const { title, schema } = schemas[format];
        printJson(io, { title, ...z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) });
        return 0;
      }),
    );
};
