import type { Tier } from '../rate-limits';
import type { Sockets } from '../sockets';
import type { Workspace } from '../state';
import type { Capabilities, Json, SlackChannel, SlackUser } from '../types';

/** An answer `{ok: false, error}`. */
export class SlackError extends Error {
  override readonly name = 'SlackError';
  constructor(
    readonly code: string,
    readonly extra: Json = {},
  ) {
    super(code);
  }
}

export interface MethodCall {
  readonly workspace: Workspace;
  readonly sockets: Sockets;
  readonly args: Json;
  /** `http://127.0.0.1:<port>`. */
  readonly origin: string;
}

export interface Method {
  readonly tier: Tier;
  readonly token?: 'bot' | 'app';
  /** Refused with `missing_scope` (or the documented error) when the workspace lacks it. */
  readonly needs?: { readonly capability: keyof Capabilities; readonly error?: string; readonly scope?: string };
  run(call: MethodCall): Json;
}

export type Methods = Readonly<Record<string, Method>>;

export function text(args: Json, name: string): string | undefined {
  const value = args[name];
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : String(value as number);
}

export function required(args: Json, name: string): string {
  const value = text(args, name);
  if (value === undefined || value === '') {
    throw new SlackError('invalid_arguments', {
      response_metadata: { messages: [`[ERROR] missing required field: ${name} [json-pointer:/]`] },
    });
  }
  return value;
}

export function flag(args: Json, name: string): boolean {
  return args[name] === true || args[name] === 'true' || args[name] === '1';
}

export function list(args: Json, name: string): Json[] {
  const value = args[name];
  return Array.isArray(value) ? (value as Json[]) : [];
}

/** The channel, if the bot may know that it exists. */
export function visibleChannel({ workspace, args }: MethodCall, name = 'channel'): SlackChannel {
  const channel = workspace.channels.get(required(args, name));
  if (!channel) throw new SlackError('channel_not_found');
  if (channel.kind !== 'public' && !channel.members.has(workspace.bot.userId))
    throw new SlackError('channel_not_found');
  return channel;
}

/** The channel, if the bot is in it. */
export function joinedChannel(call: MethodCall, name = 'channel'): SlackChannel {
  const channel = visibleChannel(call, name);
  if (!channel.members.has(call.workspace.bot.userId)) throw new SlackError('not_in_channel');
  return channel;
}

export function knownUser(workspace: Workspace, id: string): SlackUser {
  const user = workspace.users.get(id);
  if (!user) throw new SlackError('user_not_found');
  return user;
}

/** One page of a list: `limit` and an opaque `cursor`, as docs.slack.dev/apis/web-api/pagination describes. */
export function page<T>(args: Json, items: readonly T[], defaultLimit: number): { items: T[]; next: string } {
  const limit = Math.min(1000, Math.max(1, Number(args.limit ?? defaultLimit) || defaultLimit));
  const cursor = text(args, 'cursor');
  const start = cursor ? Number(Buffer.from(cursor, 'base64').toString().replace('at:', '')) : 0;
  if (Number.isNaN(start)) throw new SlackError('invalid_cursor');
  const end = start + limit;
  return {
    items: items.slice(start, end),
    next: end < items.length ? Buffer.from(`at:${end}`).toString('base64') : '',
  };
}
