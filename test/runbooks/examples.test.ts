import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { checkConnection } from '../../src/connections/check';
import { connectionSchema } from '../../src/connections/schema';
import { formatProblem, readDocument } from '../../src/documents/read-yaml';
import { readRepository } from '../../src/policy/read-repository';
import { checkRollout } from '../../src/rollouts/check';
import { rolloutSchema } from '../../src/rollouts/schema';
import { checkRunbook } from '../../src/runbooks/check';
import { actionSchema, runbookSchema } from '../../src/runbooks/schema';
import { examplePolicy } from '../helpers/company';

const root = join(__dirname, '../../examples/policy');
const filesIn = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => join(folder, name));

function read<T>(file: string, schema: z.ZodType<T>) {
  const document = readDocument({ file, text: readFileSync(join(root, file), 'utf8'), schema });
  if (!document.ok) throw new Error(document.problems.map(formatProblem).join('\n'));
  return document;
}

const metrics = {
  error_rate: { connection: 'fleet', query: 'x', unit: 'ratio' },
  p99_latency: { connection: 'fleet', query: 'y', unit: 's' },
} as const;

describe('the example company', () => {
  const connections = new Map(
    filesIn('connections')
      .map((file) => read(file, connectionSchema).value.connection)
      .map(({ name, kind }) => [name, kind]),
  );

  const actions = new Map(
    filesIn('actions').map((file) => {
      const { value } = read(file, actionSchema);
      return [value.name, value] as const;
    }),
  );

  const runbooks = new Map(
    filesIn('runbooks').map((file) => {
      const { value } = read(file, runbookSchema);
      return [value.name, value] as const;
    }),
  );

  test.each(filesIn('runbooks'))('%s reads without a problem', (file) => {
    const { value: runbook, lineOf } = read(file, runbookSchema);
    const library = { connections, runbooks, actions };
    expect(checkRunbook({ file, runbook, library, lineOf }).map(formatProblem)).toEqual([]);
  });

  test.each(filesIn('actions'))('%s reads without a problem', (file) => {
    const { value: runbook, lineOf } = read(file, actionSchema);
    const library = { connections, runbooks, actions };
    expect(checkRunbook({ file, runbook, library, lineOf }).map(formatProblem)).toEqual([]);
  });

  test.each(filesIn('connections'))('%s reads without a problem', (file) => {
    const { value, lineOf } = read(file, connectionSchema);
    expect(checkConnection({ file, connection: value.connection, lineOf }).map(formatProblem)).toEqual([]);
  });

  test.each(filesIn('deployments'))('%s reads without a problem', (file) => {
    const { value, lineOf } = read(file, rolloutSchema);
    expect(checkRollout({ file, rollout: value.deployment, metrics, lineOf }).map(formatProblem)).toEqual([]);
  });
});

test('nobody who starts a runbook of the example company chooses what its hosts run', () => {
  const playbooks = Object.entries(examplePolicy(0)).filter(([path]) => path.startsWith('playbooks/'));
  expect(playbooks.length).toBeGreaterThan(0);
  const run = playbooks.flatMap(([, text]) => [...text.matchAll(/argv: *\[([^,\]]+)/g)].map(([, program]) => program));
  expect(run).toHaveLength(playbooks.length);
  for (const program of run) expect(program).toMatch(/^\/usr\/local\/sbin\/[a-z-]+$/);
});

test('what people provision by a runbook of the example company is on record', () => {
  const files = Object.entries(examplePolicy(0)).map(([path, text]) => [path, { text, blob: path }] as const);
  const read = readRepository({ files: new Map(files), commit: 'c'.repeat(40) });
  if (!read.ok) throw new Error(read.problems.map(formatProblem).join('\n'));
  expect(read.repository.policy.warnings.map(formatProblem)).toEqual([]);
  const provisioned = [...read.repository.runbooks.values()].filter(({ file }) => file.includes('/provision/'));
  expect(provisioned.map(({ document: { name, resource } }) => [name, resource?.kind])).toEqual([
    ['edge-server', 'edge-server'],
    ['node', 'node'],
    ['sandbox', 'sandbox'],
    ['site', 'site'],
    ['stack', 'stack'],
    ['vm-server', 'vm-server'],
    ['web', 'nodes'],
  ]);
});
