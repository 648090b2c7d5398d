/** Why nobody can rely on the newest rules: a newer commit does not bind, the repository cannot be asked, or both. */
export type PolicyTrouble = 'refused' | 'unreachable' | 'both';

/** What an environment does while the policy repository cannot be asked: strict ones refuse unless they say otherwise. */
export function whenUnreachable({
  when_unreachable,
  strict,
}: {
  readonly when_unreachable?: 'refuse' | 'use_last';
  readonly strict?: boolean;
}): 'refuse' | 'use_last' {
  return when_unreachable ?? (strict ? 'refuse' : 'use_last');
}
