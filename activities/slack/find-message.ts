import type { SlackApi } from '../adapters/slack-api';
import { troubleIn } from '../adapters/slack-errors';
import { slackFailure } from './failures';

/** Event types of the metadata that our messages carry. */
export const SLOT_EVENT = 'signalbox_slot';
export const NOTICE_EVENT = 'signalbox_notice';

const pagesMax = 5;

interface FoundMessage {
  readonly ts: string;
  /** Payload of its metadata. */
  readonly payload: Readonly<Record<string, unknown>>;
}

interface HistoryPage {
  readonly messages?: readonly {
    readonly ts: string;
    readonly metadata?: { readonly event_type?: string; readonly event_payload?: Record<string, unknown> };
  }[];
  readonly response_metadata?: { readonly next_cursor?: string };
}

/**
 * Our messages in a channel, or a thread, whose metadata matches, oldest first. Used before something is posted a
 * second time. `undefined` when the workspace does not let us read: then nobody can know.
 */
export async function findMessages(
  api: SlackApi,
  where: {
    readonly channel: string;
    readonly thread?: string;
    /** ms since the epoch: nothing older is looked at. */
    readonly since: number;
    readonly event: string;
    readonly matches: (payload: Readonly<Record<string, unknown>>) => boolean;
  },
): Promise<readonly FoundMessage[] | undefined> {
  const method = where.thread ? 'conversations.replies' : 'conversations.history';
  const found: FoundMessage[] = [];
  let cursor = '';
  for (let page = 0; page < pagesMax; page += 1) {
    const args = {
      channel: where.channel,
      ...(where.thread && { ts: where.thread }),
      oldest: (where.since / 1000).toFixed(6),
      include_all_metadata: true,
      limit: 200,
      ...(cursor && { cursor }),
    };
    const answer = await read(api, method, args);
    if (!answer) return undefined;
    for (const { ts, metadata } of answer.messages ?? []) {
      const payload = metadata?.event_payload ?? {};
      if (metadata?.event_type === where.event && where.matches(payload)) found.push({ ts, payload });
    }
    cursor = answer.response_metadata?.next_cursor ?? '';
    if (!cursor) break;
  }
  return found.sort((a, b) => Number(a.ts) - Number(b.ts));
}

async function read(api: SlackApi, method: string, args: Record<string, unknown>): Promise<HistoryPage | undefined> {
  try {
    return await api.call<HistoryPage>({ method, args: () => args, priority: 'decision' });
  } catch (error) {
    // Refused means that it stays refused: no scope, no membership, no such thread.
    if (troubleIn(error).kind === 'refused') return undefined;
    throw slackFailure(error, method);
  }
}
