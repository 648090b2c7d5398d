import { MockActivityEnvironment } from '@temporalio/testing';
import type { ApplicationFailure } from '@temporalio/common';
import { DefaultLogger } from '@temporalio/worker';
import { createRunStep } from '../../activities/run-step';
import type { VaultReader } from '../../activities/adapters/vault';
import type { Acknowledge } from '../../activities/steps/heart';
import type { StepKind } from '../../activities/steps/step-kind';
import type { ToolHost } from '../../activities/steps/toolbox';
import { bodiesInMemory } from '../helpers/bodies';
import type { AnyConnection, Connection } from '../../src/connections/schema';
import type { JsonObject } from '../../src/json';
import type { Plan, StepResult } from '../../src/operation/plan';
import type { RunStepInput } from '../../src/operation/runner-ports';
import { compileStep } from '../../src/runbooks/compile-step';
import { stepSchema } from '../../src/runbooks/schema';

export interface Attempt {
  /** A step as a runbook writes it. */
  readonly step: JsonObject;
  readonly connection?: Partial<Connection>;
  /** Instead of a connection by HTTP. */
  readonly over?: AnyConnection;
  readonly metrics?: JsonObject;
  readonly inputs?: JsonObject;
  readonly attempt?: number;
  readonly elapsedMs?: number;
  readonly heartbeatDetails?: unknown;
  readonly env?: { readonly [name: string]: string };
  readonly secretsFolder?: string;
  readonly vault?: VaultReader;
  readonly sopsKeyFile?: string;
  readonly input?: Partial<RunStepInput>;
  readonly environment?: MockActivityEnvironment;
  readonly tools?: ToolHost;
  readonly kinds?: readonly StepKind[];
  readonly acknowledge?: Acknowledge;
  readonly trees?: Plan['trees'];
  /** Key of its scope; that of the work when absent. */
  readonly scope?: string;
}

const now = 1_800_000_000_000;
export const key = 'deploy-checkout-x/make';

/** Runs one attempt of one step in a plan of its own, over the connection `api`. */
export async function attemptOf(origin: string, asked: Attempt): Promise<StepResult> {
  const plan = planOf(origin, asked);
  const runStep = createRunStep({
    readPlan: async () => plan,
    ...bodiesInMemory(),
    now: () => now,
    env: asked.env ?? {},
    log: { debug: () => undefined, warn: () => undefined },
    ...(asked.secretsFolder === undefined ? {} : { secretsFolder: asked.secretsFolder }),
    ...(asked.vault === undefined ? {} : { vault: asked.vault }),
    ...(asked.sopsKeyFile === undefined ? {} : { sopsKeyFile: asked.sopsKeyFile }),
    ...(asked.acknowledge === undefined ? {} : { acknowledge: asked.acknowledge }),
    ...(asked.kinds === undefined ? {} : { kinds: asked.kinds }),
    ...(asked.tools === undefined ? {} : { tools: asked.tools }),
  });
  const environment = asked.environment ?? environmentOf(asked);
  const path = plan.steps.at(-1)!.path;
  return environment.run(runStep, {
    planDigest: 'd',
    path,
    mode: 'do',
    outputs: {},
    key,
    late: {},
    ...asked.input,
  } as RunStepInput) as Promise<StepResult>;
}

export function environmentOf(
  asked: Pick<Attempt, 'attempt' | 'elapsedMs' | 'heartbeatDetails'>,
): MockActivityEnvironment {
  const info = {
    attempt: asked.attempt ?? 1,
    startToCloseTimeoutMs: 60_000,
    scheduledTimestampMs: now - (asked.elapsedMs ?? 0),
    ...(asked.heartbeatDetails === undefined ? {} : { heartbeatDetails: asked.heartbeatDetails }),
  };
  // Failing is what most of these attempts are for; the SDK would log each.
  return new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR', () => undefined) });
}

/** The failure that an attempt ends with. Fails when it succeeds. */
export async function failureOf(origin: string, asked: Attempt): Promise<ApplicationFailure> {
  const result = await attemptOf(origin, asked).catch((error: unknown) => error as ApplicationFailure);
  if (!(result instanceof Error)) throw new Error(`it succeeded: ${JSON.stringify(result)}`);
  return result as ApplicationFailure;
}

function planOf(origin: string, asked: Attempt): Plan {
  const connection = asked.over ?? { name: 'api', kind: 'http', origin, ...asked.connection };
  return JSON.parse(
    JSON.stringify({
      format: 1,
      operation: { id: 'deploy-checkout-x', kind: 'deploy', service: 'checkout', version: 'v2', requester: 'U0ANA' },
      policyCommit: 'c',
      sources: [],
      connections: { api: connection },
      metrics: asked.metrics ?? {},
      scopes: { [asked.scope ?? 'main']: { inputs: asked.inputs ?? {} } },
      service: {},
      environment: {},
      trees: asked.trees,
      resolve: {},
      steps: [
        compileStep(stepSchema.parse(asked.step), 0, { prefix: '', scope: asked.scope ?? 'main', phase: 'work' }),
      ],
    }),
  ) as Plan;
}
