import { z } from 'zod';
import { connectionSchema } from '../connections/schema';
import { infrastructurePlace, infrastructureSchema } from '../infrastructure/schema';
import { rolloutSchema } from '../rollouts/schema';
import { actionSchema, runbookSchema } from '../runbooks/schema';
import { policyTestsSchema } from './policy-tests';
import { peopleSchema } from './people-schema';
import { policySchema } from './schema';
import { scheduleSchema } from './schedule-schema';
import { serviceSchema } from './service-schema';

export interface FileFormat {
  /** How people call such a file. */
  readonly title: string;
  /** Which paths of a policy repository are of this format. */
  readonly place: RegExp;
  readonly schema: z.ZodType;
}

/** Every format of the policy repository that has a schema, by its name on the command line. */
export const fileFormats = {
  policy: { title: 'policy.yaml', place: /^policy\.yaml$/, schema: policySchema },
  people: { title: 'people.yaml', place: /^people\.yaml$/, schema: peopleSchema },
  service: {
    title: 'configs/services/<name>.yaml',
    place: /^(?:configs\/)?services\/[^/]+\.ya?ml$/,
    schema: serviceSchema,
  },
  oncall: { title: 'oncall/<name>.yaml', place: /^oncall\/[^/]+\.ya?ml$/, schema: scheduleSchema },
  rollout: { title: 'deployments/<name>.yaml', place: /^deployments\/[^/]+\.ya?ml$/, schema: rolloutSchema },
  infrastructure: { title: 'infrastructure/<name>.yaml', place: infrastructurePlace, schema: infrastructureSchema },
  runbook: { title: 'runbooks/<name>.yaml', place: /^runbooks\/.+\.ya?ml$/, schema: runbookSchema },
  action: { title: 'actions/<name>.yaml', place: /^actions\/[^/]+\.ya?ml$/, schema: actionSchema },
  connection: { title: 'connections/<name>.yaml', place: /^connections\/[^/]+\.ya?ml$/, schema: connectionSchema },
  policy_tests: {
    title: 'policy_tests/<name>.yaml',
    place: /^policy_tests\/[^/]+\.ya?ml$/,
    schema: policyTestsSchema,
  },
} as const satisfies { readonly [name: string]: FileFormat };

export type FileFormatName = keyof typeof fileFormats;

/** Folder of a policy repository where editors find the schemas; Signalbox itself reads nothing there. */
export const schemaFolder = '.schemas';

/** The format of a path in a policy repository; undefined for files that have none. */
export function formatOf(path: string): FileFormatName | undefined {
  const names = Object.keys(fileFormats) as FileFormatName[];
  return names.find((name) => fileFormats[name].place.test(path));
}

/** The first line by which editors find the schema of a file: `# yaml-language-server: $schema=.schemas/policy.json`. */
export function schemaHeader(path: string): string | undefined {
  const format = formatOf(path);
  if (format === undefined) return undefined;
  const up = '../'.repeat(path.split('/').length - 1);
  return `# yaml-language-server: $schema=${up}${schemaFolder}/${format}.json`;
}

/** The JSON Schema of a format. What the reader takes as text (`1.10`, `0123`) is no error in an editor either. */
export function jsonSchemaOf(name: FileFormatName): object {
  const { title, schema } = fileFormats[name];
  const made = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      const { type, pattern, format } = jsonSchema;
      if (type === 'string' && pattern === undefined && format === undefined)
        Object.assign(jsonSchema, { type: ['string', 'number', 'boolean'] });
    },
  });
  return { title, ...made };
}
