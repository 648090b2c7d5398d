import type { OperationView } from '../operation/view';
import { operatorsFor } from './operators';
import type { Policy } from './policy';

/**
 * Teams whose members may read what the programs of an operation wrote: those that have a say in it, and those that
 * policy names under `logs`. Of an operation that nobody remembers any more, the company's own.
 */
export function logReaders(about: {
  readonly policy: Policy;
  readonly view?: Pick<OperationView, 'service' | 'environment' | 'ballots'>;
  readonly now: Date;
}): readonly string[] {
  const { policy, view, now } = about;
  const service = policy.services.get(view?.service ?? '');
  const environment = policy.environments.get(view?.environment ?? '');
  const { teams } = operatorsFor({
    policy,
    ...(service && { service }),
    ...(environment && { environment }),
    ballots: [],
    now,
  });
  const seated = (view?.ballots ?? []).flatMap(({ seats }) => seats.flatMap(({ team, anyOf }) => anyOf ?? [team]));
  return [...new Set([...teams.map(({ team }) => team), ...seated, ...(policy.file.logs?.who ?? [])])];
}
