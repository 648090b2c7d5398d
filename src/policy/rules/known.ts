import { didYouMean } from '../../documents/nearest';
import { denial, type Finding, type Rule } from '../context';

/** An environment or a service that policy does not name is denied (law 4). */
export const known: Rule = ({ policy, request, service, environment }) => {
  const reasons = [...(environmentFinding().reasons ?? []), ...(serviceFinding().reasons ?? [])];
  return { reasons };

  function environmentFinding(): Finding {
    if (environment) return {};
    const names = [...policy.environments.keys()];
    if (request.environment !== undefined)
      return denial(
        'environments',
        `Policy does not name the environment "${request.environment}", and what it does not name is denied; ${ask(didYouMean(request.environment, names), names)}`,
        policy.source(['environments']),
      );
    if (request.kind !== 'deploy' && request.kind !== 'rollback') return {};
    return denial(
      'environments',
      `A ${request.kind} needs an environment; ${ask(undefined, names)}`,
      policy.source(['environments']),
    );
  }

  function serviceFinding(): Finding {
    if (service) return {};
    const names = [...policy.services.keys()];
    if (request.service !== undefined)
      return denial(
        'services',
        `Policy does not name the service "${request.service}", so nobody owns it; ${ask(didYouMean(request.service, names), names)}`,
      );
    if (request.kind !== 'deploy' && request.kind !== 'rollback') return {};
    return denial('services', `A ${request.kind} needs a service; ${ask(undefined, names)}`);
  }
};

function ask(meant: string | undefined, names: readonly string[]): string {
  const list = names.length > 0 ? `it knows ${names.slice(0, 12).join(', ')}` : 'it knows none yet';
  return `${meant ?? list}${meant?.endsWith('?') ? ' ' : '. '}Whoever owns the policy repository can add it.`;
}
