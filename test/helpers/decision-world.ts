import type { Ledger } from '../../activities/adapters/ledger';
import type { createDecisionActivities, DecisionDeps } from '../../activities/worker/decisions';
import type { AppliedChange } from '../../src/ledger/record';
import type { Asker } from '../../src/operation/asker';
import type { JudgeInput, Judgement, Recheck } from '../../src/operation/judgement';
import { relay } from '../../src/operation/relay';
import type { OperationRequest } from '../../src/operation/request';
import type { OpenReview } from '../../src/operation/review';
import { examplePolicy } from './company';
import type { TestRepository } from './git-repository';
import { testTimings } from './operation-world';
import { aRequest } from './samples';
import { openPolicyParts, relayKey } from './policy-parts';

export const asker = { standing: 'member', groups: [] } as const;

type Allowed = Extract<Judgement, { kind: 'allowed' }>;

/** The decisions of a worker over the example's policy and a ledger, in real Git repositories. */
export interface DecisionWorld {
  readonly policy: TestRepository;
  readonly records: TestRepository;
  readonly ledger: Ledger;
  readonly decisions: ReturnType<typeof createDecisionActivities>;
  /** What shadow rules would have changed. */
  readonly heard: unknown[];
  /** Accounts whose open reviews were asked for. */
  readonly askedOf: (readonly string[])[];
  held: DecisionDeps['heldBack'];
  /** What a break-glass by these accounts still owes. */
  owed: () => Promise<readonly OpenReview[]>;
  /** Says in the ledger what became of checkout in production. */
  change(what: Change, operation: string): Promise<void>;
  judged(request?: OperationRequest, by?: Asker): Promise<{ readonly input: JudgeInput; readonly judgement: Allowed }>;
  recheck(from: { readonly input: JudgeInput; readonly judgement: Allowed }): Promise<Recheck>;
}

type Change =
  | { readonly kind: 'started' | 'succeeded'; readonly version: string }
  | { readonly kind: 'rolled_back'; readonly from?: string; readonly to: string };

/** Opens one in which checkout v2.3.0 runs in production. */
export async function openDecisions(): Promise<DecisionWorld> {
  // The rules change under way, so the example's own tests of them would keep the changes from binding.
  const ownTests = { 'policy_tests/production.yaml': null };
  const parts = await openPolicyParts({ ...examplePolicy(7400), ...decidedAtOnce(), ...ownTests });
  const { remote: policy, records, ledger } = parts;
  let index = 0;
  const world: DecisionWorld = {
    policy,
    records,
    ledger,
    heard: [],
    askedOf: [],
    held: async () => ({}),
    owed: async () => [],
    decisions: parts.decisions({
      onShadow: (about) => void world.heard.push(about),
      openReviews: (accounts) => {
        world.askedOf.push(accounts);
        return world.owed();
      },
      heldBack: (about) => world.held(about),
      timings: { ...testTimings, lastDeliveryMs: 4_711 },
    }),
    async change(what, operation) {
      const at = new Date(Date.now() + (index += 1)).toISOString();
      const state = { ...what, service: 'checkout', environment: 'production', operation, at } as AppliedChange;
      await ledger.append([
        { operationId: operation, event: 'outcome', index, at, day: at.slice(0, 10), body: {}, state },
      ]);
    },
    async judged(request = aRequest(), by = asker) {
      const signed = relay('request', request, relayKey);
      const admission = await world.decisions.admit({ request: signed, asker: by });
      if (admission.kind === 'denied') throw new Error(admission.reasons.join('\n'));
      const input: JudgeInput = { request: signed, asker: by, admission, resolved: {} };
      const judgement = await world.decisions.judge(input);
      if (judgement.kind === 'denied') throw new Error(judgement.reasons.join('\n'));
      return { input, judgement };
    },
    recheck: (from) =>
      world.decisions.recheck({ ...from.input, judgement: from.judgement, votes: [], fallenVotes: [] }),
  };
  await world.change({ kind: 'succeeded', version: 'v2.3.0' }, 'op-1');
  return world;
}

/** The stages of the example company without their look at the registry, which comes between both verdicts. */
export function decidedAtOnce(): { readonly [path: string]: string } {
  const path = 'runbooks/set-fleet-share.yaml';
  return { [path]: examplePolicy(7400)[path]!.replace(/resolve:[^]*?(?=\nsteps:)/, '') };
}
