import type { PolicySource } from '../../activities/worker/policy-source';
import { freezeAt } from '../policy/calendar';
import { instantWords, listed } from '../policy/context';
import type { Freeze } from '../policy/policy';

export interface Holding {
  /** What holds work back at the moment, one full sentence each. */
  readonly holds: readonly string[];
  /** Said when the commit in force is not the newest. */
  readonly policyProblem?: string;
}

/** What `/signalbox status` says besides the list: freezes in force, and a policy that does not bind. */
export async function holdingNow(policy: PolicySource, now: Date): Promise<Holding> {
  const { repository, problem } = await policy.current();
  const { freezes, timezone } = repository.policy;
  const binding = freezes.filter(({ mode }) => mode !== 'shadow');
  const active = freezeAt({ freezes: binding, now, defaultZone: timezone });
  return {
    holds: active.map(({ freeze, until }) => sentenceOf(freeze, instantWords(until, freeze.zone ?? timezone))),
    ...(problem === undefined ? {} : { policyProblem: `The policy in force is not the newest one: ${problem}.` }),
  };
}

function sentenceOf(freeze: Freeze, until: string): string {
  const services = freeze.services === undefined ? 'every service' : listed(freeze.services);
  const places = freeze.environments === undefined ? '' : ` in ${listed(freeze.environments)}`;
  const which = freeze.when === undefined ? '' : ` where ${freeze.when.source}`;
  const does = freeze.effect === 'deny' ? 'refuses changes of' : 'holds back changes of';
  return `The freeze "${freeze.name}" ${does} ${services}${places}${which} until ${until}; the owner of the policy repository can lift it.`;
}
