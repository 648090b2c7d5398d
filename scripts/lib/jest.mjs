import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from './build.mjs';
import { ensureGoTools } from './go-tools.mjs';
import { inRoot, onPath, run } from './run.mjs';
import { say, Stop } from './say.mjs';
import {
  ensureAnsible,
  ensureKafka,
  ensureMoto,
  ensureNode,
  ensurePackages,
  ensurePostgres,
  ensurePrometheus,
  ensureRedis,
  ensureApprovalGo,
  ensureTemporal,
  ensureTemporalPython,
  ensureTerraform,
} from './setup.mjs';

/** Tests that need the machine for themselves: Slack's three seconds are not stretched for a neighbour's sake. */
const alone = ['test/load', 'test/kills', 'test/runbooks-kills'];
const longAlone = ['test/faults'];

/** Everything the tests need, as environment variables for them. */
export async function prepareTests() {
  ensureNode();
  await ensurePackages();
  const goTools = ensureGoTools();
  const temporal = await ensureTemporal();
  // Tests start and kill a Redis of their own, so a running one is no substitute.
  const redis = await ensureRedis({ own: true });
  if (!redis?.server)
    throw new Stop(
      'The tests start a Redis of their own: install redis-server (https://redis.io/docs/latest/operate/oss_and_stack/install), or set REDIS_SERVER to its path, and try again.',
    );
  const postgres = await ensurePostgres();
  if (!postgres)
    throw new Stop(
      'The tests start a PostgreSQL of their own: install the PostgreSQL server (https://www.postgresql.org/download), or set POSTGRES_BIN to the folder of its programs, and try again.',
    );
  const ansible = await ensureAnsible();
  if (!ansible)
    throw new Stop(
      'The tests run the real Ansible: install Python 3.11 or newer, so that ansible-core can be installed, or set ANSIBLE_BIN to the folder of ansible-playbook, and try again.',
    );
  const terraform = await ensureTerraform();
  if (!terraform)
    throw new Stop(
      'The tests run the real Terraform: install Terraform or OpenTofu 1.4 or newer, or install Go so that this script can build one, or set TERRAFORM_BIN to the path of a copy, and try again.',
    );
  const prometheus = await ensurePrometheus();
  if (!prometheus)
    throw new Stop(
      'The tests run the real Prometheus: install it (https://prometheus.io/docs/prometheus/latest/installation), or set PROMETHEUS_BIN to its path, and try again.',
    );
  const moto = await ensureMoto();
  if (!moto)
    throw new Stop(
      'The tests keep logs in an S3 server of their own: install Python 3.10 or newer, so that moto can be installed, or set MOTO_PYTHON to a Python that has moto with flask, and try again.',
    );
  const [python, approvalGo] = [await ensureTemporalPython(), await ensureApprovalGo()];
  if (!python || !approvalGo)
    throw new Stop(
      'The tests run the examples of docs/approvals-for-any-workflow.md: install Python 3.10 or newer and Go 1.23 or newer, or set TEMPORAL_PYTHON to a Python with temporalio and APPROVAL_GO to the built docs/examples/approval-go, and try again.',
    );
  if (!onPath('kubectl'))
    throw new Stop(
      'The tests run the real kubectl: install kubectl 1.28 or newer (https://kubernetes.io/docs/tasks/tools) and try again.',
    );
  const kafka = await ensureKafka();
  if (!kafka)
    throw new Stop(
      'The tests start a Kafka of their own: install Java 17 or newer and Maven, so that it can be got from Maven Central, or set KAFKA_JARS to a folder made by scripts/lib/kafka.mjs, and try again.',
    );
  return {
    ...process.env,
    ...(await goTools),
    ANSIBLE_BIN: ansible,
    APPROVAL_GO: approvalGo,
    KAFKA_JARS: kafka,
    MOTO_PYTHON: moto,
    POSTGRES_BIN: postgres,
    PROMETHEUS_BIN: prometheus,
    TEMPORAL_CLI: temporal,
    TEMPORAL_PYTHON: python,
    TERRAFORM_BIN: terraform,
    REDIS_SERVER: redis.server,
  };
}

/**
 * Runs jest with everything set up: all tests in two rounds, or those that the arguments name in one. Resolves with the
 * counts; a round that could not start, ended badly or had no test counts as a failure, whatever its numbers say.
 */
export async function runTests(args, { faults = false } = {}) {
  const env = { ...(await prepareTests()), ...(faults ? { SIGNALBOX_FAULTS: '1' } : {}) };
  await build();
  if (args.some((argument) => !argument.startsWith('-'))) return round(args, env);
  say('Running the tests.');
  const first = await round([...args, '--testPathIgnorePatterns', '/node_modules/', ...alone, ...longAlone], env);
  const heavy = faults ? [...alone, ...longAlone] : alone;
  say(`Running ${heavy.join(' and ')}, one after the other.`);
  const second = await round([...args, '--runInBand', ...heavy], env);
  return { passed: first.passed + second.passed, failed: first.failed + second.failed };
}

async function round(args, env) {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-jest-'));
  const file = join(folder, 'jest.json');
  const jest = inRoot('node_modules/jest/bin/jest.js');
  try {
    // The SDK's native runtime keeps a process alive that only imported it; jest would wait for ever on one test file.
    const given = ['--forceExit', '--json', `--outputFile=${file}`, ...args];
    const { code } = await run(process.execPath, [jest, ...given], { env, show: true });
    const counted = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
    const passed = counted?.numPassedTests ?? 0;
    const failed = (counted?.numFailedTests ?? 0) + (counted?.numRuntimeErrorTestSuites ?? 0);
    if (passed === 0) say('No test ran.');
    return { passed, failed: failed === 0 && (code !== 0 || passed === 0) ? 1 : failed };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
