import { z } from 'zod';
import { isHoldAct } from '../../src/holds/holds';
import type { WorkerActivities } from '../../src/operation/ports';
import { isRelayed } from '../../src/operation/relay';
import { holdRight } from '../../src/policy/hold-rights';
import type { PolicySource } from './policy-source';

const id = z.string().min(1).max(300);
const place = { environment: id, service: id };
const reason = z.string().min(1).max(3_000);
const instant = z.iso.datetime();

const holdAct = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('lock'),
    ...place,
    reason,
    forMs: z.number().positive().optional(),
    change: id.optional(),
  }),
  z.object({ kind: z.literal('unlock'), ...place, reason: reason.optional() }),
  z.object({ kind: z.literal('hand_over'), ...place, to: id, reason: reason.optional() }),
  z.object({ kind: z.literal('freeze'), ...place, service: id.optional(), reason, until: instant.optional() }),
  z.object({ kind: z.literal('thaw'), ...place, service: id.optional() }),
  z.object({ kind: z.literal('stop'), reason }),
  z.object({ kind: z.literal('go'), reason: reason.optional() }),
]);

const body = z.object({
  format: z.literal(1),
  workflowId: id,
  act: holdAct,
  by: id,
  byKind: z.literal('machine').optional(),
  actionId: id,
  at: instant,
});

/** Who may lock, freeze and stop, under the policy in force. */
export function createHoldActivities(deps: {
  readonly policy: PolicySource;
  readonly relayKey: string;
  /** What is older is refused: nobody remembers any more whether it counted. */
  readonly maxAgeMs: number;
  readonly now: () => Date;
}): Pick<WorkerActivities, 'judgeHold'> {
  const { policy, relayKey, maxAgeMs, now } = deps;
  return {
    async judgeHold({ act, asker, recipient }) {
      const wellFormed = body.safeParse(act.body).success && isHoldAct(act.body.act);
      if (!isRelayed('act', act, relayKey) || !wellFormed || !isHoldAct(act.body.act)) return { kind: 'not_relayed' };
      const { by, byKind = 'person', at } = act.body;
      if (now().getTime() - Date.parse(at) > maxAgeMs)
        return {
          kind: 'refused',
          sentence: `What you asked for at ${at} arrived too late, so nothing was done; ask again if you still want it.`,
        };
      const { repository } = await policy.current();
      return holdRight({
        policy: repository.policy,
        act: act.body.act,
        by,
        byKind,
        asker,
        ...(recipient && { recipient }),
        now: now(),
      });
    },
  };
}
