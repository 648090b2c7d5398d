import { approval } from './kinds/approval';
import { ansibleInventory } from './kinds/ansible-inventory';
import { ansiblePlaybook } from './kinds/ansible-playbook';
import { emailSend } from './kinds/email-send';
import { expect } from './kinds/expect';
import { fail } from './kinds/fail';
import { gitCommit } from './kinds/git-commit';
import { gitMerge } from './kinds/git-merge';
import { gitRead } from './kinds/git-read';
import { helmRollback } from './kinds/helm-rollback';
import { helmUpgrade } from './kinds/helm-upgrade';
import { httpRequest } from './kinds/http-request';
import { kafkaConnectConnector } from './kinds/kafka-connect-connector';
import { kafkaLag } from './kinds/kafka-lag';
import { kafkaTopics } from './kinds/kafka-topics';
import { kubectlApply } from './kinds/kubectl-apply';
import { kubectlDelete } from './kinds/kubectl-delete';
import { kubectlRollout } from './kinds/kubectl-rollout';
import { metricRead } from './kinds/metric-read';
import { monitor } from './kinds/monitor';
import { program } from './kinds/program';
import { foreach } from './kinds/foreach';
import { deploy, rollback, rollout } from './kinds/operation';
import { notify, slackMessage } from './kinds/notify';
import { parallel } from './kinds/parallel';
import { prometheusCheck } from './kinds/prometheus-check';
import { runbook } from './kinds/runbook';
import { sqlExecute } from './kinds/sql-execute';
import { postgresLogicalReplication } from './kinds/postgres-logical-replication';
import { sqlMigrate } from './kinds/sql-migrate';
import { sqlQuery } from './kinds/sql-query';
import { temporalWorkflow } from './kinds/temporal-workflow';
import { textEncode } from './kinds/text-encode';
import { terraformApply } from './kinds/terraform-apply';
import { terraformDestroy } from './kinds/terraform-destroy';
import { terraformPlan } from './kinds/terraform-plan';
import { wait } from './kinds/wait';
import type { StepKindSpec } from './step-kind';

export type { StepKindSpec } from './step-kind';

/** What the run carries out itself. */
const controlKinds: readonly StepKindSpec[] = [
  parallel,
  foreach,
  runbook,
  approval,
  wait,
  notify,
  slackMessage,
  deploy,
  rollout,
  rollback,
  temporalWorkflow,
];

/** What a runner carries out. `activities/steps/index.ts` has the same list; a test holds them together. */
export const runnerKinds: readonly StepKindSpec[] = [
  httpRequest,
  emailSend,
  sqlQuery,
  sqlExecute,
  sqlMigrate,
  postgresLogicalReplication,
  kafkaTopics,
  kafkaLag,
  kafkaConnectConnector,
  gitRead,
  gitCommit,
  gitMerge,
  textEncode,
  terraformPlan,
  terraformApply,
  terraformDestroy,
  kubectlApply,
  kubectlRollout,
  kubectlDelete,
  helmUpgrade,
  helmRollback,
  prometheusCheck,
  monitor,
  metricRead,
  ansiblePlaybook,
  ansibleInventory,
  program,
  expect,
  fail,
];

/** The catalogue of step kinds. */
export const stepKinds: readonly StepKindSpec[] = [...runnerKinds, ...controlKinds];

const byName: ReadonlyMap<string, StepKindSpec> = new Map(stepKinds.map((kind) => [kind.name, kind]));

/** The kind that `uses` names, if there is one. */
export function stepKindOf(name: string): StepKindSpec | undefined {
  return byName.get(name);
}

/** Name of the composite action that `uses` means; undefined when it means a step kind. */
export function actionIn(uses: string): string | undefined {
  return uses.startsWith('actions/') ? uses.slice('actions/'.length) : undefined;
}
