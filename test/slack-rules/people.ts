import type { Deliveries } from './deliveries';
import { interactiveElements } from './message-content';
import { elementValue, type Payloads } from './payloads';
import type { ResponseUrls } from './response-urls';
import type { Workspace } from './state';
import type { ResponseTarget } from './triggers';
import type { DeliveryResult, EphemeralMessage, Json, SlackChannel, SlackUser, StoredMessage } from './types';

export interface CommandGesture {
  readonly user: string;
  /** Id, `#name` or name. */
  readonly channel: string;
  /** With or without the slash. */
  readonly command: string;
  readonly text?: string;
  /** Typed inside a thread, where Slack refuses developers' commands. */
  readonly threadTs?: string;
}

export interface ClickGesture {
  readonly user: string;
  readonly channel: string;
  /** A message's or an ephemeral's. */
  readonly ts: string;
  readonly actionId: string;
  /** For menus the option to choose; for buttons it tells apart those with equal action ids. */
  readonly value?: unknown;
  readonly blockId?: string;
  /** An older state of the message, by index in `versions`: a person whose screen had not caught up. */
  readonly messageVersion?: number;
  /** Replaces fields of the action, and skips every check that Slack's clients would make. */
  readonly forge?: Json;
}

export interface ShortcutGesture {
  readonly user: string;
  readonly callbackId: string;
  /** For a message shortcut. */
  readonly message?: { readonly channel: string; readonly ts: string };
}

interface Parts {
  readonly workspace: Workspace;
  readonly deliveries: Deliveries;
  readonly payloads: Payloads;
  readonly responses: ResponseUrls;
  readonly origin: () => string;
}

/** What people do in channels. A gesture that Slack's clients would not allow throws, unless it is forged. */
export class People {
  constructor(private readonly parts: Parts) {}

  async command(gesture: CommandGesture): Promise<DeliveryResult> {
    const user = this.person(gesture.user);
    const channel = this.channel(gesture.channel);
    // docs.slack.dev/interactivity/implementing-slash-commands, docs.slack.dev/apis/slack-connect
    if (gesture.threadTs !== undefined || user.is_stranger)
      return { acked: false, error: 'not_supported', envelopeId: '' };
    const target: ResponseTarget = { channel: channel.id, user: user.id };
    const responseUrl = this.responseUrl(target);
    const triggerId = this.parts.workspace.triggers.issue(user.id);
    const payload = this.parts.payloads.command({
      command: `/${gesture.command.replace(/^\//, '')}`,
      text: gesture.text ?? '',
      user,
      channel,
      triggerId,
      responseUrl,
    });
    const result = await this.parts.deliveries.deliver({ type: 'slash_commands', payload, acceptsResponse: true });
    if (result.response) this.parts.responses.acknowledgement(target, result.response);
    return { ...result, triggerId, responseUrl };
  }

  async click(gesture: ClickGesture): Promise<DeliveryResult> {
    const { workspace, payloads } = this.parts;
    const forged = gesture.forge !== undefined;
    const user = this.person(gesture.user, forged);
    const channel = this.channel(gesture.channel);
    if (!forged && channel.kind !== 'public' && !channel.members.has(user.id))
      throw new Error(`${user.id} cannot see ${channel.name}.`);
    const shown = this.shown(gesture, channel, user, forged);
    const action = this.action(gesture, shown.blocks);
    const threadTs = shown.message?.thread_ts ?? shown.ephemeral?.thread_ts;
    const target: ResponseTarget = { channel: channel.id, user: user.id, originTs: gesture.ts, thread_ts: threadTs };
    const responseUrl = this.responseUrl(target);
    const triggerId = workspace.triggers.issue(user.id);
    const payload: Json = {
      ...payloads.interaction('block_actions', user),
      container: {
        type: 'message',
        message_ts: gesture.ts,
        channel_id: channel.id,
        is_ephemeral: shown.ephemeral !== undefined,
        ...(threadTs === undefined ? {} : { thread_ts: threadTs }),
      },
      trigger_id: triggerId,
      channel: payloads.channel(channel),
      ...(shown.message ? { message: shown.message.presented } : {}),
      state: { values: {} },
      response_url: responseUrl,
      actions: [action],
    };
    const result = await this.parts.deliveries.deliver({ type: 'interactive', payload, acceptsResponse: false });
    return { ...result, triggerId, responseUrl };
  }

  async shortcut(gesture: ShortcutGesture): Promise<DeliveryResult> {
    const { workspace, payloads } = this.parts;
    const user = this.person(gesture.user);
    if (user.is_stranger) return { acked: false, error: 'not_supported', envelopeId: '' };
    const triggerId = workspace.triggers.issue(user.id);
    const base = {
      ...payloads.interaction(gesture.message ? 'message_action' : 'shortcut', user),
      callback_id: gesture.callbackId,
      trigger_id: triggerId,
      action_ts: workspace.nextTs(),
    };
    const payload = gesture.message ? { ...base, ...this.messagePart(gesture.message, user) } : base;
    const result = await this.parts.deliveries.deliver({ type: 'interactive', payload, acceptsResponse: false });
    return { ...result, triggerId };
  }

  /** A person writes a message; the app gets `message`, and `app_mention` if it is named in it. */
  async say(gesture: { user: string; channel: string; text: string; threadTs?: string }): Promise<StoredMessage> {
    const { workspace } = this.parts;
    const user = this.person(gesture.user);
    const channel = this.channel(gesture.channel);
    const message = workspace.addMessage({
      channel: channel.id,
      user: user.id,
      text: gesture.text,
      blocks: [],
      attachments: [],
      ...(gesture.threadTs === undefined ? {} : { thread_ts: gesture.threadTs }),
      broadcast: false,
    });
    if (!channel.members.has(workspace.bot.userId)) return message;
    const event = {
      user: user.id,
      user_team: user.team_id,
      text: message.text,
      ts: message.ts,
      event_ts: message.ts,
      channel: channel.id,
      ...(message.thread_ts === undefined ? {} : { thread_ts: message.thread_ts }),
    };
    const channelType = { public: 'channel', private: 'group', im: 'im' }[channel.kind];
    await this.event({ type: 'message', channel_type: channelType, ...event });
    if (message.text.includes(`<@${workspace.bot.userId}>`)) await this.event({ type: 'app_mention', ...event });
    return message;
  }

  /** Any event of the Events API, wrapped as Slack wraps it. */
  async event(event: Json & { type: string }): Promise<DeliveryResult> {
    const { workspace, payloads, deliveries } = this.parts;
    const full = { event_ts: workspace.nextTs(), ...event };
    return deliveries.deliverEvent(payloads.event(full, workspace.nextId('Ev')));
  }

  person(id: string, forged = false): SlackUser {
    const user = this.parts.workspace.users.get(id);
    if (!user) throw new Error(`Nobody is called ${id} in this workspace.`);
    if (user.deleted && !forged)
      throw new Error(`${id} is deactivated and can do nothing in Slack; forge the gesture to pretend.`);
    return user;
  }

  private channel(idOrName: string): SlackChannel {
    const channel = this.parts.workspace.findChannel(idOrName);
    if (!channel) throw new Error(`There is no channel ${idOrName}.`);
    return channel;
  }

  private responseUrl(target: ResponseTarget): string {
    return `${this.parts.origin()}/response/${this.parts.workspace.triggers.issueUrl(target)}`;
  }

  private messagePart(named: { channel: string; ts: string }, user: SlackUser): Json {
    const channel = this.channel(named.channel);
    const message = this.parts.workspace.message(channel.id, named.ts);
    if (!message || message.deleted) throw new Error(`There is no message ${named.ts} in ${channel.name}.`);
    return {
      channel: this.parts.payloads.channel(channel),
      message_ts: message.ts,
      message: this.parts.payloads.message(message),
      response_url: this.responseUrl({
        channel: channel.id,
        user: user.id,
        originTs: message.ts,
        thread_ts: message.thread_ts,
      }),
    };
  }

  private shown(gesture: ClickGesture, channel: SlackChannel, user: SlackUser, forged: boolean): Shown {
    const { workspace, payloads } = this.parts;
    const message = workspace.message(channel.id, gesture.ts);
    if (message && (!message.deleted || forged || gesture.messageVersion !== undefined)) {
      const version = gesture.messageVersion === undefined ? undefined : message.versions.at(gesture.messageVersion);
      const blocks = version ? version.blocks : message.blocks;
      const presented = { ...payloads.message(message), ...(version ? { text: version.text, blocks } : {}) };
      return { blocks, message: { presented, thread_ts: message.thread_ts } };
    }
    const ephemeral = workspace.ephemerals.find((one) => one.ts === gesture.ts && one.user === user.id && !one.deleted);
    if (ephemeral) return { blocks: ephemeral.blocks, ephemeral };
    if (!forged) throw new Error(`${user.id} sees no message ${gesture.ts} in ${channel.name}.`);
    return { blocks: [] };
  }

  private action(gesture: ClickGesture, blocks: readonly Json[]): Json {
    for (const block of blocks) {
      if (gesture.blockId !== undefined && block.block_id !== gesture.blockId) continue;
      const found = interactiveElements(block).find(
        (one) => one.action_id === gesture.actionId && isMeant(one, gesture.value),
      );
      if (found) return { ...actionOf(found, block, gesture.value, this.parts.workspace.nextTs()), ...gesture.forge };
    }
    if (gesture.forge === undefined) {
      const offered = blocks
        .flatMap(interactiveElements)
        .map((one) => `${String(one.action_id)}=${String(one.value ?? '')}`);
      throw new Error(
        `The message has nothing called ${gesture.actionId}; it has ${offered.join(', ') || 'no elements'}.`,
      );
    }
    return {
      type: 'button',
      block_id: 'forged',
      action_id: gesture.actionId,
      text: { type: 'plain_text', text: 'forged' },
      value: gesture.value,
      action_ts: this.parts.workspace.nextTs(),
      ...gesture.forge,
    };
  }
}

interface Shown {
  readonly blocks: readonly Json[];
  readonly message?: { readonly presented: Json; readonly thread_ts?: string };
  readonly ephemeral?: EphemeralMessage;
}

/** One entry of `actions` in a block_actions payload. */
export function actionOf(element: Json, block: Json, value: unknown, actionTs: string): Json {
  const { type, action_id, text } = element;
  return {
    type,
    action_id,
    block_id: block.block_id,
    ...(text === undefined ? {} : { text }),
    ...elementValue(element, value),
    action_ts: actionTs,
  };
}

// A button's value is part of the button: naming one chooses among buttons with the same action id.
function isMeant(element: Json, value: unknown): boolean {
  return element.type !== 'button' || value === undefined || element.value === value;
}
