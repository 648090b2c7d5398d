import { runExpect } from './expect';
import { runFail } from './fail';
import { runHttpRequest } from './http-request';
import { runMonitor } from './monitor';
import { runPrometheusCheck } from './prometheus-check';
import { runSqlExecute } from './sql-execute';
import { runSqlQuery } from './sql-query';
import type { StepKind } from './step-kind';
import { runWait } from './wait';

/** Every step kind a runner can carry out: the same list as `src/runbooks/step-kinds.ts`, which a test holds to it. */
export const runnableStepKinds: readonly StepKind[] = [
  runHttpRequest,
  runSqlQuery,
  runSqlExecute,
  runPrometheusCheck,
  runMonitor,
  runExpect,
  runWait,
  runFail,
];
