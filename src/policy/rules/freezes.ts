import { freezeAt } from '../calendar';
import { denial, instantWords, isExcepted, subjectOf, type Context, type Finding, type Rule } from '../context';
import { dependsLine, holding } from '../holding';
import type { Freeze } from '../policy';
import type { FreezeGate } from '../verdict';
import { violation } from '../violation';

/** Freezes of the company's calendar, and blackout windows of the service itself. */
export const freezes: Rule = (context) => {
  const { policy, request, now, service } = context;
  if (passesFreezes(context)) return {};
  const isSoft = ({ level, override }: Freeze): boolean =>
    level === 'soft' && (override ?? policy.overrides) !== undefined;
  const here = policy.freezes.filter((freeze) => isHere(freeze, context));
  const dated = freezeAt({ freezes: here, now, defaultZone: policy.timezone }).map((one) => ({
    ...one,
    concerned: concerns(one.freeze, context),
  }));
  // Nothing is refused for what is not known yet: there is a second verdict, with the plan and the change.
  const isLeft = ({ freeze, concerned }: (typeof dated)[number]): boolean =>
    concerned === 'depends' && freeze.effect === 'deny' && !isSoft(freeze);
  const inForce = dated.filter((one) => one.concerned !== 'no' && !isLeft(one));
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
  const blocking = (service?.blackouts ?? []).filter(({ except }) => !isExcepted(request, except));
  const blackouts = freezeAt({ freezes: blocking, now, defaultZone: policy.timezone }).map(({ freeze, until }) =>
    gate(context, { name: `blackout of ${service!.name}`, until, source: freeze.source, reason: freeze.reason }),
  );
  return {
    reasons: denials,
    gates: [...soft.flatMap(({ gates = [] }) => gates), ...waits, ...blackouts],
    why: dated.filter(({ concerned }) => concerned === 'depends').map(({ freeze }) => dependsLine(freeze)),
  };
};

/** Whether no freeze of the company's calendar is asked about this at all. */
export function passesFreezes({ policy, request, isRollback, isBreakGlass }: Context): boolean {
  // A freeze with a slip in it could not be mended while it holds back the change that mends it.
  if (request.kind === 'policy') return true;
  return isBreakGlass || (isRollback && policy.file.rollback?.freezes !== 'keep');
}

/** Whether a freeze is about this kind of work, in this place. */
export function concerns(freeze: Freeze, context: Context): 'yes' | 'no' | 'depends' {
  if (!isHere(freeze, context)) return 'no';
  const { kind } = holding(freeze.when, context);
  // What cannot be judged does not slip through a freeze.
  return kind === 'broken' ? 'yes' : kind;
}

/** Its `when` aside. Nearly all freezes of a large company are about other services. */
function isHere(freeze: Freeze, { request }: Context): boolean {
  const environment = freeze.environments === undefined || freeze.environments.includes(request.environment ?? '');
  const service = freeze.services === undefined || freeze.services.includes(request.service ?? '');
  return environment && service && !isExcepted(request, freeze.except);
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
