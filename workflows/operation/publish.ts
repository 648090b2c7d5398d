import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { SEARCH_ATTRIBUTES } from '../contract';
import type { Life } from './life';

/** Search attributes, which lists are made of, and details for Temporal's own UI. */
export function publish({ facts, box, slot, title }: Pick<Life, 'facts' | 'box' | 'slot' | 'title'>): void {
  const { request, state, since } = facts;
  upsertSearchAttributes({
    [SEARCH_ATTRIBUTES.state.name]: [state],
    [SEARCH_ATTRIBUTES.since.name]: [new Date(since)],
    [SEARCH_ATTRIBUTES.waitingFor.name]: state === 'waiting' ? [...box.waitingFor] : [],
    ...(slot?.at && { [SEARCH_ATTRIBUTES.card.name]: [`${slot.at.channel}/${slot.at.ts}`] }),
  });
  const lines = [
    `**${title}**: ${state.replace('_', ' ')}`,
    facts.note ?? '',
    `Requested by ${request.requester.id}${request.reason ? `: ${request.reason}` : ''}`,
  ];
  setCurrentDetails(lines.filter((line) => line !== '').join('\n\n'));
}
