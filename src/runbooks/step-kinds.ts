import { expect } from './kinds/expect';
import { fail } from './kinds/fail';
import { gitCommit } from './kinds/git-commit';
import { gitMerge } from './kinds/git-merge';
import { gitRead } from './kinds/git-read';
import { httpRequest } from './kinds/http-request';
import { monitor } from './kinds/monitor';
import { program } from './kinds/program';
import { prometheusCheck } from './kinds/prometheus-check';
import { sqlExecute } from './kinds/sql-execute';
import { postgresLogicalReplication } from './kinds/postgres-logical-replication';
import { sqlMigrate } from './kinds/sql-migrate';
import { sqlQuery } from './kinds/sql-query';
import { textEncode } from './kinds/text-encode';
import { wait } from './kinds/wait';
import type { StepKindSpec } from './step-kind';

export type { StepKindSpec } from './step-kind';

/** The catalogue of step kinds. `activities/steps/index.ts` runs the same list; a test holds them together. */
export const stepKinds: readonly StepKindSpec[] = [
  httpRequest,
  sqlQuery,
  sqlExecute,
  sqlMigrate,
  postgresLogicalReplication,
  gitRead,
  gitCommit,
  gitMerge,
  textEncode,
  prometheusCheck,
  monitor,
  program,
  expect,
  wait,
  fail,
];

const byName: ReadonlyMap<string, StepKindSpec> = new Map(stepKinds.map((kind) => [kind.name, kind]));

/** The kind that `uses` names, if there is one. */
export function stepKindOf(name: string): StepKindSpec | undefined {
  return byName.get(name);
}
