import { evaluate as evaluateCondition } from '../../expressions/cel';
import { freezeAt } from '../calendar';
import { denial, instantWords, isExcepted, subjectOf, type Context, type Finding, type Rule } from '../context';
import type { Freeze } from '../policy';
import type { FreezeGate } from '../verdict';
import { violation } from '../violation';

/** Freezes of the company's calendar, and blackout windows of the service itself. */
export const freezes: Rule = (context) => {
  const { policy, now, service } = context;
  if (passesFreezes(context)) return {};
  const inForce = freezeAt({ freezes: policy.freezes, now, defaultZone: policy.timezone }).filter(({ freeze }) =>
    concerns(freeze, context),
  );
  const isSoft = ({ level, override }: Freeze): boolean =>
    level === 'soft' && (override ?? policy.overrides) !== undefined;
  const soft = inForce
    .filter(({ freeze }) => isSoft(freeze))
    .map(({ freeze, until }) => {
      const { message } = gate(context, { name: freeze.name, until, source: freeze.source });
      const { name: rule, override, source } = freeze;
      return violation(context, { rule, level: 'soft', message, source, override, until: until.toISOString() });
    });
  const active = inForce.filter(({ freeze }) => !isSoft(freeze));
  const denials = active
    .filter(({ freeze }) => freeze.effect === 'deny')
    .flatMap(({ freeze, until }) => denied(context, freeze, until).reasons ?? []);
  const waits = active
    .filter(({ freeze }) => freeze.effect === 'wait')
    .map(({ freeze, until }) => gate(context, { name: freeze.name, until, source: freeze.source }));
  const blackouts = freezeAt({ freezes: service?.blackouts ?? [], now, defaultZone: policy.timezone }).map(
    ({ freeze, until }) =>
      gate(context, { name: `blackout of ${service!.name}`, until, source: freeze.source, reason: freeze.reason }),
  );
  return { reasons: denials, gates: [...soft.flatMap(({ gates = [] }) => gates), ...waits, ...blackouts] };
};

/** Whether no freeze of the company's calendar is asked about this at all. */
export function passesFreezes({ policy, isRollback, isBreakGlass }: Context): boolean {
  return isBreakGlass || (isRollback && policy.file.rollback?.freezes !== 'keep');
}

/** Whether a freeze is about this kind of work, in this place. */
export function concerns(freeze: Freeze, context: Context): boolean {
  const { request } = context;
  const environment = freeze.environments === undefined || freeze.environments.includes(request.environment ?? '');
  const service = freeze.services === undefined || freeze.services.includes(request.service ?? '');
  return environment && service && !isExcepted(request, freeze.except) && isMeant(freeze, context);
}

/** A condition that cannot be evaluated holds: what cannot be judged does not slip through a freeze. */
function isMeant({ when, effect }: Freeze, { policy, variables, world }: Context): boolean {
  if (!when) return true;
  const answer = evaluateCondition(when, variables, { zone: policy.timezone, unchanging: true });
  if (answer.ok) return answer.value === true;
  // Before there is a plan nothing is refused because of it; the verdict with the plan follows.
  const isPreview = world.plan === undefined && when.roots.includes('plan');
  return !(isPreview && effect === 'deny');
}

function denied({ request, policy }: Context, freeze: Freeze, until: Date): Finding {
  const words = instantWords(until, freeze.zone ?? policy.timezone);
  const except = freeze.except.length > 0 ? ` Only ${freeze.except.join(', ')} may pass.` : '';
  return denial(
    freeze.name,
    `The freeze "${freeze.name}" refuses ${subjectOf(request)} until ${words}; ask again after that, or have the owner of the policy repository lift it.${except}`,
    freeze.source,
  );
}

function gate(
  { request, policy }: Context,
  freeze: {
    readonly name: string;
    readonly until: Date;
    readonly source: FreezeGate['source'];
    readonly reason?: string;
  },
): FreezeGate {
  const because = freeze.reason ? ` (${freeze.reason})` : '';
  return {
    kind: 'freeze',
    rule: freeze.name,
    holds: false,
    until: freeze.until.toISOString(),
    message: `The freeze "${freeze.name}"${because} holds ${subjectOf(request)} back until ${instantWords(freeze.until, policy.timezone)}; it runs after that by itself. The owner of the policy repository can lift it.`,
    source: freeze.source,
  };
}
