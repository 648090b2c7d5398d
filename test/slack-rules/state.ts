import { randomBytes } from 'node:crypto';
import type {
  BotIdentity,
  Capabilities,
  ChannelOption,
  EphemeralMessage,
  Json,
  SlackChannel,
  SlackGroup,
  SlackRulesOptions,
  SlackUser,
  StoredMessage,
  StoredView,
  Violation,
  ViolationRule,
  WebApiCall,
} from './types';
import { Triggers } from './triggers';

const ALL_CAPABILITIES: Capabilities = {
  userGroups: true,
  pins: true,
  bookmarks: true,
  reactions: true,
  createChannels: true,
  invite: true,
  setTopic: true,
  history: true,
  emails: true,
  directMessages: true,
  files: true,
  postAnywhere: false,
};

/** Everything the pretended workspace knows. Each change calls `changed()`, which wakes the waiters. */
export class Workspace {
  readonly bot: BotIdentity;
  readonly capabilities: Capabilities;
  readonly scale: number;
  readonly users = new Map<string, SlackUser>();
  readonly groups = new Map<string, SlackGroup>();
  readonly channels = new Map<string, SlackChannel>();
  readonly ephemerals: EphemeralMessage[] = [];
  readonly modals = new Map<string, StoredView[]>();
  readonly homes = new Map<string, StoredView>();
  readonly files: Json[] = [];
  readonly calls: WebApiCall[] = [];
  readonly violations: Violation[] = [];
  readonly triggers: Triggers;
  readonly tokens = { bot: `xoxb-${secret(12)}`, app: `xapp-1-${secret(12)}`, signingSecret: secret(16) };
  readonly revoked = new Set<string>();

  private readonly messagesByChannel = new Map<string, Map<string, StoredMessage>>();
  private readonly waiters = new Set<() => void>();
  private wakePending = false;
  private lastMicros = 0;
  private sequence = 0;

  constructor(options: SlackRulesOptions) {
    this.bot = {
      userId: 'U0SIGNALBOX',
      botId: 'B0SIGNALBOX',
      appId: 'A0SIGNALBOX',
      name: 'signalbox',
      teamId: 'T0ACME',
      teamDomain: 'acme',
      ...options.bot,
    };
    this.capabilities = { ...ALL_CAPABILITIES, ...options.capabilities };
    this.scale = options.limits?.scale ?? 1;
    this.triggers = new Triggers(this.scale);
    this.addUser({ id: this.bot.userId, name: this.bot.name, is_bot: true });
    for (const user of options.users ?? []) this.addUser(typeof user === 'string' ? { id: user } : user);
    for (const group of options.groups ?? []) this.addGroup(group);
    for (const channel of options.channels ?? []) {
      this.addChannelOption(typeof channel === 'string' ? { id: channel } : channel);
    }
  }

  addUser(user: Partial<SlackUser> & { id: string }): SlackUser {
    const name = user.name ?? user.id.toLowerCase();
    const full: SlackUser = {
      name,
      real_name: user.real_name ?? name,
      team_id: this.bot.teamId,
      email: `${name}@example.com`,
      tz: 'Europe/Berlin',
      deleted: false,
      is_bot: false,
      is_admin: false,
      is_restricted: false,
      is_ultra_restricted: false,
      is_stranger: false,
      ...user,
    };
    this.users.set(full.id, full);
    return full;
  }

  addGroup(group: Partial<SlackGroup> & { id: string }): SlackGroup {
    const handle = group.handle ?? group.id.toLowerCase();
    const full: SlackGroup = {
      handle,
      name: group.name ?? handle,
      disabled: false,
      ...group,
      users: [...(group.users ?? [])],
    };
    this.groups.set(full.id, full);
    return full;
  }

  addChannelOption(option: ChannelOption): SlackChannel {
    return this.addChannel({
      id: option.id,
      name: option.name ?? option.id.toLowerCase(),
      kind: option.is_private ? 'private' : 'public',
      members: new Set(option.members ?? this.users.keys()),
      topic: option.topic ?? '',
      is_archived: option.is_archived ?? false,
      is_ext_shared: option.is_ext_shared ?? false,
      is_pending_ext_shared: option.is_pending_ext_shared ?? false,
    });
  }

  addChannel(channel: Partial<SlackChannel> & Pick<SlackChannel, 'id' | 'name' | 'kind' | 'members'>): SlackChannel {
    const full: SlackChannel = {
      topic: '',
      purpose: '',
      creator: this.bot.userId,
      is_archived: false,
      is_ext_shared: false,
      is_pending_ext_shared: false,
      pins: [],
      bookmarks: [],
      ...channel,
    };
    this.channels.set(full.id, full);
    this.changed();
    return full;
  }

  /** By id, `#name` or name. */
  findChannel(idOrName: string): SlackChannel | undefined {
    const direct = this.channels.get(idOrName);
    if (direct) return direct;
    const name = idOrName.replace(/^#/, '');
    return [...this.channels.values()].find((channel) => channel.kind !== 'im' && channel.name === name);
  }

  /** The direct conversation between the bot and a person, opened if there was none. */
  directMessages(userId: string): SlackChannel {
    const id = `D${userId.replace(/^[UW]/, '')}`;
    const known = this.channels.get(id);
    return known ?? this.addChannel({ id, name: id, kind: 'im', members: new Set([userId, this.bot.userId]) });
  }

  addMessage(message: Omit<StoredMessage, 'ts' | 'versions' | 'deleted' | 'reactions'>): StoredMessage {
    const full: StoredMessage = { ...message, ts: this.nextTs(), versions: [], deleted: false, reactions: [] };
    full.versions.push(version(full));
    const inChannel = this.messagesByChannel.get(full.channel) ?? new Map<string, StoredMessage>();
    inChannel.set(full.ts, full);
    this.messagesByChannel.set(full.channel, inChannel);
    this.changed();
    return full;
  }

  editMessage(
    message: StoredMessage,
    change: Partial<Pick<StoredMessage, 'text' | 'blocks' | 'attachments' | 'metadata'>>,
  ): void {
    Object.assign(message, change);
    message.edited = { user: this.bot.userId, ts: this.nextTs() };
    message.versions.push(version(message));
    this.changed();
  }

  /** Oldest first, replies included. */
  messages(channelId: string): StoredMessage[] {
    return [...(this.messagesByChannel.get(channelId)?.values() ?? [])];
  }

  message(channelId: string, ts: string): StoredMessage | undefined {
    return this.messagesByChannel.get(channelId)?.get(ts);
  }

  /** All views a person has open, root first. */
  stack(userId: string): StoredView[] {
    return this.modals.get(userId) ?? [];
  }

  findView(test: (view: StoredView) => boolean): StoredView | undefined {
    return [...[...this.modals.values()].flat(), ...this.homes.values()].find(test);
  }

  violate(rule: ViolationRule, detail: string): void {
    this.violations.push({ rule, detail, at: Date.now() });
    this.changed();
  }

  /** Unique and rising, in Slack's form: seconds, a dot, microseconds. */
  nextTs(): string {
    this.lastMicros = Math.max(this.lastMicros + 1, Date.now() * 1000);
    const seconds = Math.floor(this.lastMicros / 1_000_000);
    return `${seconds}.${String(this.lastMicros % 1_000_000).padStart(6, '0')}`;
  }

  nextId(prefix: string): string {
    this.sequence += 1;
    return `${prefix}${this.sequence.toString(36).toUpperCase().padStart(8, '0')}`;
  }

  changed(): void {
    if (this.wakePending || this.waiters.size === 0) return;
    this.wakePending = true;
    setImmediate(() => {
      this.wakePending = false;
      for (const wake of [...this.waiters]) wake();
    });
  }

  /**
   * Resolves with the predicate's value as soon as it is truthy, looking again after each change and never by polling.
   * A predicate that throws counts as "not yet". Rejects after `timeoutMs` with what was last seen.
   */
  waitFor<T>(predicate: () => T, options: { timeoutMs?: number; what?: string } = {}): Promise<NonNullable<T>> {
    const timeoutMs = options.timeoutMs ?? 10_000;
    return new Promise((resolve, reject) => {
      let lastError: unknown;
      const look = (): void => {
        try {
          const value = predicate();
          if (!value) return;
          finish();
          resolve(value);
        } catch (error) {
          lastError = error;
        }
      };
      const finish = (): void => {
        clearTimeout(timer);
        this.waiters.delete(look);
      };
      const timer = setTimeout(() => {
        finish();
        reject(new Error(this.describeTimeout(options.what ?? predicate.toString(), timeoutMs, lastError)));
      }, timeoutMs);
      this.waiters.add(look);
      look();
    });
  }

  private describeTimeout(what: string, timeoutMs: number, lastError: unknown): string {
    const calls = this.calls.slice(-8).map((call) => `${call.method} -> ${call.result?.error ?? call.fault ?? 'ok'}`);
    const violations = this.violations.slice(-5).map((violation) => `${violation.rule}: ${violation.detail}`);
    return [
      `Slack did not reach the awaited state within ${timeoutMs} ms: ${what}`,
      ...(lastError instanceof Error ? [`the predicate threw: ${lastError.message}`] : []),
      `last calls: ${calls.join('; ') || 'none'}`,
      `violations: ${violations.join('; ') || 'none'}`,
    ].join('\n');
  }
}

function version(message: StoredMessage): StoredMessage['versions'][number] {
  return { at: Date.now(), text: message.text, blocks: message.blocks, attachments: message.attachments };
}

function secret(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}
