import { readFileSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { NativeConnection } from '@temporalio/worker';
import { SEARCH_ATTRIBUTES } from '../../workflows/contract';
import type { Config } from '../config';

type TemporalConfig = Pick<
  Config,
  | 'TEMPORAL_ADDRESS'
  | 'TEMPORAL_NAMESPACE'
  | 'TEMPORAL_API_KEY'
  | 'TEMPORAL_TLS_CERT'
  | 'TEMPORAL_TLS_KEY'
  | 'TEMPORAL_TLS_CA'
>;

/** A client that does not connect until it is used, so that the bot can start while Temporal is away. */
export function temporalClient(config: TemporalConfig): Client {
  const connection = Connection.lazy(connectionOptions(config));
  return new Client({ connection, namespace: config.TEMPORAL_NAMESPACE });
}

/** A worker's connection. Tried until Temporal answers; `onWaiting` is told once a try. */
export async function workerConnection(
  config: TemporalConfig,
  onWaiting: (sentence: string) => void,
): Promise<NativeConnection> {
  for (let wait = 250; ; wait = Math.min(wait * 2, 5_000)) {
    try {
      return await NativeConnection.connect(connectionOptions(config));
    } catch (error) {
      onWaiting(
        `Temporal at ${config.TEMPORAL_ADDRESS} does not answer yet (${(error as Error).message}); trying again.`,
      );
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

function connectionOptions(config: TemporalConfig) {
  const { TEMPORAL_TLS_CERT: cert, TEMPORAL_TLS_KEY: key, TEMPORAL_TLS_CA: ca } = config;
  const pair = cert && key ? { crt: readFileSync(cert), key: readFileSync(key) } : undefined;
  const tls =
    pair || ca || config.TEMPORAL_API_KEY
      ? { ...(pair ? { clientCertPair: pair } : {}), ...(ca ? { serverRootCACertificate: readFileSync(ca) } : {}) }
      : undefined;
  return {
    address: config.TEMPORAL_ADDRESS,
    ...(tls ? { tls } : {}),
    ...(config.TEMPORAL_API_KEY ? { apiKey: config.TEMPORAL_API_KEY } : {}),
  };
}

/** Registers the search attributes that are missing. Safe to repeat: a dev server with an old database ignores flags. */
export async function registerSearchAttributes(client: Client, namespace: string): Promise<void> {
  const { operatorService } = client.connection as Connection;
  const known = await operatorService.listSearchAttributes({ namespace });
  const types = temporal.api.enums.v1.IndexedValueType;
  const wanted = Object.values(SEARCH_ATTRIBUTES).filter(({ name }) => !(name in known.customAttributes));
  if (wanted.length === 0) return;
  const searchAttributes = Object.fromEntries(
    wanted.map(({ name, type }) => [name, types[`INDEXED_VALUE_TYPE_${type}`]]),
  );
  try {
    await operatorService.addSearchAttributes({ namespace, searchAttributes });
  } catch (error) {
    // Another process registered them in the same moment.
    if (!/already exist/i.test((error as Error).message)) throw error;
  }
}
