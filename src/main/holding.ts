import type { PolicyInForce, PolicySource } from '../../activities/worker/policy-source';
import { farMs, freezeAt } from '../policy/calendar';
import { instantWords, listed } from '../policy/context';
import type { Freeze } from '../policy/policy';
import { policySentence, type PolicyHealth } from '../policy/policy-health';

export interface Holding {
  /** What holds work back at the moment, one full sentence each. */
  readonly holds: readonly string[];
  /** Which policy is in force, and how old that knowledge is. */
  readonly policy: string;
  /** Said when the commit in force is not the newest. */
  readonly policyProblem?: string;
}

/** What `/signalbox status` says besides the list: freezes in force, and a policy that does not bind. */
export async function holdingNow(policy: PolicySource, now: Date): Promise<Holding> {
  const inForce = await policy.current();
  const { repository, problem } = inForce;
  const { freezes, timezone } = repository.policy;
  const active = freezeAt({ freezes, now, defaultZone: timezone });
  return {
    holds: active.map(({ freeze, until }) => {
      const isFar = until.getTime() - now.getTime() >= farMs;
      return sentenceOf(freeze, isFar ? '' : ` until ${instantWords(until, freeze.zone ?? timezone)}`);
    }),
    policy: policySentence(inForce, { now, zone: timezone }),
    ...(problem === undefined ? {} : { policyProblem: `The policy in force is not the newest one: ${problem}.` }),
  };
}

/** The policy in force without its rules. */
export function healthOf(inForce: PolicyInForce | undefined): PolicyHealth | undefined {
  if (!inForce) return undefined;
  const { commit, fetchedAt, problem, unreachable, refused, rewrittenFrom } = inForce;
  return { commit, fetchedAt, problem, unreachable, refused, rewrittenFrom };
}

function sentenceOf(freeze: Freeze, until: string): string {
  const services = freeze.services === undefined ? 'every service' : listed(freeze.services);
  const places = freeze.environments === undefined ? '' : ` in ${listed(freeze.environments)}`;
  const which = freeze.when === undefined ? '' : ` where ${freeze.when.source}`;
  const does = freeze.effect === 'deny' ? 'refuses changes of' : 'holds back changes of';
  return `The freeze "${freeze.name}" ${does} ${services}${places}${which}${until}; the owner of the policy repository can lift it.`;
}
