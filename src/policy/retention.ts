import { parseDuration } from '../runbooks/duration';
import type { PolicyFile } from './schema';

const dayMs = 86_400_000;
const usualMs = 30 * dayMs;

/** How long what nobody needs any more is kept. */
export interface Retention {
  readonly logsMs: number;
  readonly blobsMs: number;
}

/** What policy says under `retention`: thirty days where it says nothing, and never less than one. */
export function retentionOf({ retention }: Pick<PolicyFile, 'retention'>): Retention {
  const kept = (text: string | undefined): number => Math.max(dayMs, parseDuration(text ?? '') ?? usualMs);
  return { logsMs: kept(retention?.logs), blobsMs: kept(retention?.blobs) };
}
