/** A value that came as JSON from a caller: looked at, never trusted. */
export type Json = Record<string, unknown>;

/** A member as `users.info` shows them; field names are Slack's (docs.slack.dev/reference/objects/user-object). */
export interface SlackUser {
  readonly id: string;
  name: string;
  real_name: string;
  team_id: string;
  email?: string;
  tz: string;
  deleted: boolean;
  is_bot: boolean;
  is_admin: boolean;
  is_restricted: boolean;
  is_ultra_restricted: boolean;
  is_stranger: boolean;
}

/** A user group (docs.slack.dev/reference/objects/usergroup-object). */
export interface SlackGroup {
  readonly id: string;
  handle: string;
  name: string;
  users: string[];
  disabled: boolean;
}

/** A conversation of any kind (docs.slack.dev/reference/objects/conversation-object). */
export interface SlackChannel {
  readonly id: string;
  name: string;
  readonly kind: 'public' | 'private' | 'im';
  members: Set<string>;
  topic: string;
  purpose: string;
  creator: string;
  is_archived: boolean;
  is_ext_shared: boolean;
  is_pending_ext_shared: boolean;
  pins: string[];
  bookmarks: Json[];
}

/** One state a message has had. The first is what was posted, the last is what people see now. */
export interface MessageVersion {
  readonly at: number;
  readonly text: string;
  readonly blocks: readonly Json[];
  readonly attachments: readonly Json[];
}

/** A message in a channel, with everything that ever happened to it. */
export interface StoredMessage {
  readonly channel: string;
  readonly ts: string;
  readonly user: string;
  readonly bot_id?: string;
  readonly thread_ts?: string;
  text: string;
  blocks: Json[];
  attachments: Json[];
  metadata?: Json;
  broadcast: boolean;
  edited?: { user: string; ts: string };
  deleted: boolean;
  reactions: { name: string; users: string[] }[];
  readonly versions: MessageVersion[];
}

/** A message that only one person sees. */
export interface EphemeralMessage {
  readonly channel: string;
  readonly user: string;
  readonly ts: string;
  readonly thread_ts?: string;
  text: string;
  blocks: Json[];
  replaced: number;
  deleted: boolean;
  /** Where it came from. */
  readonly from: 'chat.postEphemeral' | 'response_url' | 'ack';
}

/** A modal or home view as Slack stores it (docs.slack.dev/reference/objects/view-object). */
export interface StoredView {
  readonly id: string;
  readonly user: string;
  readonly type: 'modal' | 'home';
  hash: string;
  callback_id: string;
  external_id: string;
  private_metadata: string;
  title?: Json;
  submit?: Json;
  close?: Json;
  blocks: Json[];
  clear_on_close: boolean;
  notify_on_close: boolean;
  root_view_id: string;
  previous_view_id: string | null;
  values: Record<string, Record<string, Json>>;
  updates: number;
}

/** One call of the Web API. `result` is missing while it runs or when no reply was sent. */
export interface WebApiCall {
  readonly method: string;
  readonly args: Json;
  readonly at: number;
  status?: number;
  result?: Json & { ok: boolean; error?: string };
  fault?: string;
}

/** What an app did that Slack, or this project's house rules, do not allow. */
export interface Violation {
  readonly rule: ViolationRule;
  readonly detail: string;
  readonly at: number;
}

export type ViolationRule =
  | 'retry_after_ignored'
  | 'invalid_blocks'
  | 'invalid_view'
  | 'missing_text'
  | 'several_primary_buttons'
  | 'double_ack'
  | 'late_ack'
  | 'no_ack'
  | 'unknown_envelope'
  | 'invalid_ack_response'
  | 'trigger_refused'
  | 'response_url_refused'
  | 'reply_to_a_reply'
  | 'invalid_auth'
  | 'unknown_method'
  | 'broadcast_mention';

/** Which parts of Slack this workspace (its plan, its app's scopes, its administrators) allows. All true by default. */
export interface Capabilities {
  userGroups: boolean;
  pins: boolean;
  bookmarks: boolean;
  reactions: boolean;
  createChannels: boolean;
  invite: boolean;
  setTopic: boolean;
  history: boolean;
  emails: boolean;
  directMessages: boolean;
  files: boolean;
  /** `chat:write.public`: posting where the bot is no member. False by default. */
  postAnywhere: boolean;
}

export interface RulesLimits {
  /** Rate windows, response_url lifetime and event retries are this many times shorter. The 3 s rules are not. */
  readonly scale?: number;
  /** Posts a channel takes at once before one a second applies. */
  readonly postBurst?: number;
  /** A call already on its way when the 429 left is no violation; milliseconds after the 429. */
  readonly retryGraceMs?: number;
}

export interface SlackRulesOptions {
  readonly users?: readonly (string | (Partial<SlackUser> & { id: string }))[];
  readonly groups?: readonly (Partial<SlackGroup> & { id: string })[];
  readonly channels?: readonly (string | ChannelOption)[];
  readonly bot?: Partial<BotIdentity>;
  readonly limits?: RulesLimits;
  readonly capabilities?: Partial<Capabilities>;
  readonly port?: number;
}

/** Without `members`, everybody and the bot are in it. */
export interface ChannelOption {
  readonly id: string;
  readonly name?: string;
  readonly is_private?: boolean;
  readonly members?: readonly string[];
  readonly topic?: string;
  readonly is_archived?: boolean;
  readonly is_ext_shared?: boolean;
  readonly is_pending_ext_shared?: boolean;
}

export interface BotIdentity {
  readonly userId: string;
  readonly botId: string;
  readonly appId: string;
  readonly name: string;
  readonly teamId: string;
  readonly teamDomain: string;
}

/** How a person's gesture ended from where they sit. */
export interface DeliveryResult {
  readonly acked: boolean;
  readonly ackMs?: number;
  readonly error?: 'operation_timeout' | 'no_connection' | 'slack_unavailable' | 'http_error' | 'not_supported';
  /** HTTP mode only. */
  readonly status?: number;
  readonly response?: Json & { text?: string };
  readonly envelopeId: string;
  readonly triggerId?: string;
  readonly responseUrl?: string;
}
