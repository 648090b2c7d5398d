import { runAnsibleInventory } from './ansible-inventory';
import { runAnsiblePlaybook } from './ansible-playbook';
import { runEmailSend } from './email-send';
import { runExpect } from './expect';
import { runFail } from './fail';
import { runGitCommit } from './git-commit';
import { runGitMerge } from './git-merge';
import { runGitRead } from './git-read';
import { runHelmRollback } from './helm-rollback';
import { runHelmUpgrade } from './helm-upgrade';
import { runHttpRequest } from './http-request';
import { runKafkaConnectConnector } from './kafka-connect-connector';
import { runKafkaLag } from './kafka-lag';
import { runKafkaTopics } from './kafka-topics';
import { runKubectlApply } from './kubectl-apply';
import { runKubectlDelete } from './kubectl-delete';
import { runKubectlRollout } from './kubectl-rollout';
import { runMonitor } from './monitor';
import { runProgramStep } from './program';
import { runMetricRead } from './metric-read';
import { runPrometheusCheck } from './prometheus-check';
import { runSqlExecute } from './sql-execute';
import { runPostgresLogicalReplication } from './postgres-logical-replication';
import { runSqlMigrate } from './sql-migrate';
import { runSqlQuery } from './sql-query';
import { runTerraformApply } from './terraform-apply';
import { runTerraformDestroy } from './terraform-destroy';
import { runTerraformPlan } from './terraform-plan';
import type { StepKind } from './step-kind';
import { runTextEncode } from './text-encode';

/** Every step kind a runner can carry out: the same list as `runnerKinds` in `src/runbooks/step-kinds.ts`, which a test holds to it. */
export const runnableStepKinds: readonly StepKind[] = [
  runHttpRequest,
  runEmailSend,
  runSqlQuery,
  runSqlExecute,
  runSqlMigrate,
  runPostgresLogicalReplication,
  runKafkaTopics,
  runKafkaLag,
  runKafkaConnectConnector,
  runGitRead,
  runGitCommit,
  runGitMerge,
  runTextEncode,
  runTerraformPlan,
  runTerraformApply,
  runTerraformDestroy,
  runKubectlApply,
  runKubectlRollout,
  runKubectlDelete,
  runHelmUpgrade,
  runHelmRollback,
  runPrometheusCheck,
  runMonitor,
  runMetricRead,
  runAnsiblePlaybook,
  runAnsibleInventory,
  runProgramStep,
  runExpect,
  runFail,
];
