import type { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../../../workflows/contract';
import type { Config } from '../../config';
import { failed, missing, ok, type Check, type Finding } from './doctor-finding';

const callTimeoutMs = 5_000;

export const checkTemporal: Check = async (given) => {
  // Both have defaults; they are absent only where they are set wrongly, which has a line of its own.
  const { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace } = given;
  if (address === undefined || namespace === undefined) return [];
  const { temporalClient } = require('../temporal') as typeof import('../temporal');
  let connection: Connection | undefined;
  try {
    const client = temporalClient(given as Config);
    connection = client.connection as Connection;
    return await inTime(look({ connection, address, namespace }));
  } catch (error) {
    return [
      failed(
        'Temporal',
        `${address} cannot be used (${reason(error)}); check TEMPORAL_ADDRESS and TLS, and that it runs.`,
      ),
    ];
  } finally {
    await connection?.close().catch(() => undefined);
  }
};

async function look(spec: {
  readonly connection: Connection;
  readonly address: string;
  readonly namespace: string;
}): Promise<readonly Finding[]> {
  const { connection, address, namespace } = spec;
  return connection.withDeadline(Date.now() + callTimeoutMs, async () => {
    await connection.ensureConnected();
    try {
      await connection.workflowService.describeNamespace({ namespace });
    } catch (error) {
      if (!/not found|NOT_FOUND/i.test((error as Error).message)) throw error;
      const how = `make it with "temporal operator namespace create -n ${namespace}", or set TEMPORAL_NAMESPACE`;
      return [
        ok('Temporal', `${address} answers.`),
        failed('Temporal namespace', `${namespace} does not exist; ${how}.`),
      ];
    }
    const reached = ok('Temporal', `${address} answers and has the namespace ${namespace}.`);
    try {
      return [reached, await searchAttributes(connection, namespace)];
    } catch (error) {
      const why = `They cannot be listed (${reason(error)}); where the worker may not register them, have an administrator do it.`;
      return [reached, missing('Temporal search attributes', why)];
    }
  });
}

async function searchAttributes(connection: Connection, namespace: string): Promise<Finding> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const absent = Object.values(SEARCH_ATTRIBUTES)
    .map(({ name }) => name)
    .filter((name) => !(name in customAttributes));
  if (absent.length === 0) return ok('Temporal search attributes', 'All are registered.');
  return missing('Temporal search attributes', `${absent.join(', ')} will be registered by the worker when it starts.`);
}

/** A connection that is refused is tried again by the client for longer than anybody wants to look at. */
async function inTime<Result>(work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${callTimeoutMs / 1_000} s`)), callTimeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function reason(error: unknown): string {
  return ((error as Error).message.split('\n')[0] ?? '').slice(0, 120);
}
