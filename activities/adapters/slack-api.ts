import type { WebClient } from '@slack/web-api';
import type { Pacer, Priority } from './pacer';

export type SlackArgs = Readonly<Record<string, unknown>>;

export interface SlackCall {
  readonly method: string;
  /** Asked when a place is free: what is newest then is what is sent. What it throws ends the call before it is made. */
  readonly args: () => SlackArgs | Promise<SlackArgs>;
  readonly priority: Priority;
  /** Channel id whose budget a post is paid from. */
  readonly channel?: string;
  readonly signal?: AbortSignal;
  readonly waitMs?: number;
}

/** Slack's Web API behind the pacer. Errors are the client's own; `troubleIn` reads them. */
export interface SlackApi {
  call<Answer extends object>(call: SlackCall): Promise<Answer>;
}

export function createSlackApi({ client, pacer }: { readonly client: WebClient; readonly pacer: Pacer }): SlackApi {
  return {
    call: <Answer extends object>({ method, args, ...place }: SlackCall): Promise<Answer> =>
      pacer.run({
        method,
        ...place,
        call: async () => (await client.apiCall(method, { ...(await args()) })) as object as Answer,
      }),
  };
}
