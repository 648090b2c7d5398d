import { z } from 'zod';
import type { VoteRefusal } from '../../src/approvals/ballot';
import type { ActBody } from '../../src/operation/ports';
import { isRelayed } from '../../src/operation/relay';
import type { Relayed } from '../../src/operation/request';
import { freshestMs } from './check-vote';
import type { Directory } from './directory';

/**
 * An act stops or mends things more often than it starts them, so while Slack is away a day-old answer about the person
 * will do (law 5); somebody who was never seen is refused.
 */
const freshness = { freshMs: freshestMs, fallbackMs: 24 * 3_600_000 };

const id = z.string().min(1).max(300);
const actBody = z.object({
  format: z.literal(1),
  workflowId: id,
  act: z.looseObject({ kind: z.string().min(1).max(60) }),
  by: id,
  actionId: id,
  at: id,
});

/** Whether an act came through the bot from a full member of the workspace. What they may do is the workflow's to say. */
export async function checkAct(
  { directory, relayKey }: { readonly directory: Directory; readonly relayKey: string },
  { act }: { readonly act: Relayed<ActBody> },
): Promise<{ readonly ok: true; readonly by: string } | { readonly ok: false; readonly code: VoteRefusal }> {
  if (!isRelayed('act', act, relayKey) || !actBody.safeParse(act.body).success)
    return { ok: false, code: 'bad_signature' };
  const status = await directory.person(act.body.by, freshness);
  return status.kind === 'member' ? { ok: true, by: act.body.by } : { ok: false, code: status.code };
}
