import { denial, listed, type Rule } from '../context';
import { handlersThatRun } from '../handlers';
import type { PolicyRequest } from '../request';

/** A handler does the work of a command that has rules of its own; by itself it would be a way round them. */
export const handlerOnly: Rule = ({ policy, request }) => {
  if (request.kind !== 'runbook' && request.kind !== 'provision') return {};
  const handlers = handlersThatRun(policy, request.runbook);
  const first = handlers[0];
  if (!first) return {};
  const commands = [...new Set(handlers.flatMap(({ for: what }) => commandFor(what, request) ?? []))];
  const next =
    commands.length > 0 ? `ask with ${listed(commands, 'or')}` : 'it runs by itself when that work is asked for';
  const work = listed([...new Set(handlers.map(({ for: what }) => what))]);
  return denial(
    'handlers',
    `The runbook ${request.runbook} cannot be run by itself, because policy names it as the handler of ${work}, and running it directly would go round the approvals, windows and freezes of the place it changes; ${next}. Whoever owns the policy repository can take it out of handlers.`,
    first.source,
  );
};

/** What to type instead, with what is known of it filled in. */
function commandFor(what: string, { inputs = {}, environment = '<environment>' }: PolicyRequest): string | undefined {
  const text = (name: string): string => (typeof inputs[name] === 'string' ? inputs[name] : `<${name}>`);
  if (what === 'rollback') return `/rollback ${text('service')} in ${environment}`;
  const isDeploy = what === 'deploy' || what.startsWith('rollout.') || what.startsWith('prerequisite.');
  return isDeploy ? `/deploy ${text('service')} ${text('version')} to ${environment}` : undefined;
}
