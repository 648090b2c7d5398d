import { listed } from './context';
import type { PolicyRequest } from './request';

/** Names that a sentence lists. */
const mostNames = 3;

/** Why nobody can say who wrote a change, as a sentence that asks for one more approver; undefined when it is known. */
export function unknownAuthors(
  { authors, strangers = [] }: Pick<PolicyRequest, 'authors' | 'strangers'>,
  service: string,
): string | undefined {
  if (authors === undefined)
    return `Nobody knows who wrote this change of ${service}, so one more person has to approve it.`;
  if (strangers.length === 0) return undefined;
  const names = strangers.slice(0, mostNames);
  const all = strangers.length > names.length ? [...names, `${strangers.length - names.length} more`] : names;
  return `Nobody knows who ${listed(all)} ${all.length > 1 ? 'are' : 'is'} in Slack, who wrote a part of this change of ${service}, so one more person has to approve it; people.yaml can say so.`;
}
