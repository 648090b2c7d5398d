import { Deliveries, type Delivery } from './deliveries';
import { Faults } from './faults';
import { Forms, type SubmitGesture, type SubmitResult, type ViewClickGesture } from './forms';
import { HttpDelivery } from './http-delivery';
import { Payloads } from './payloads';
import { People, type ClickGesture, type CommandGesture, type ShortcutGesture } from './people';
import { RateLimits } from './rate-limits';
import { ResponseUrls } from './response-urls';
import { SlackServer } from './server';
import { Sockets, type DisconnectReason } from './sockets';
import { Workspace } from './state';
import type {
  Capabilities,
  ChannelOption,
  DeliveryResult,
  EphemeralMessage,
  Json,
  SlackChannel,
  SlackRulesOptions,
  SlackUser,
  StoredMessage,
  StoredView,
  Violation,
  WebApiCall,
} from './types';
import { WebApi } from './web-api-server';

export type * from './types';
export type { Delivery } from './deliveries';
export type { FaultKind, FaultOption } from './faults';

/** Starts a Slack on 127.0.0.1 that holds an app to Slack's documented rules. Stop it with `stop()`. */
export async function startSlackRules(options: SlackRulesOptions = {}): Promise<SlackRules> {
  const slack = new SlackRules(options);
  await slack.listen(options.port ?? 0);
  return slack;
}

/** A workspace with one app in it: people act, the app calls, the test looks. */
export class SlackRules {
  readonly workspace: Workspace;
  readonly faults = new Faults();
  /** HTTP mode: sign, forge and replay requests. */
  readonly http: HttpDelivery;
  private readonly sockets: Sockets;
  private readonly delivering: Deliveries;
  private readonly people: People;
  private readonly forms: Forms;
  private readonly server: SlackServer;
  private isAway = false;
  private returning: NodeJS.Timeout | undefined;

  constructor(options: SlackRulesOptions) {
    const away = (): boolean => this.isAway;
    const workspace = (this.workspace = new Workspace(options));
    const { faults } = this;
    const sockets = (this.sockets = new Sockets(workspace, away));
    const http = (this.http = new HttpDelivery(workspace.tokens.signingSecret));
    const deliveries = (this.delivering = new Deliveries({ workspace, sockets, http, faults, away }));
    const responses = new ResponseUrls(workspace, faults);
    const payloads = new Payloads(workspace);
    const people = (this.people = new People({
      workspace,
      deliveries,
      payloads,
      responses,
      origin: () => this.server.origin,
    }));
    this.forms = new Forms({ workspace, deliveries, payloads, people });
    const rates = new RateLimits(options.limits);
    this.server = new SlackServer({ api: new WebApi({ workspace, sockets, faults, rates }), responses, sockets, away });
  }

  listen(port: number): Promise<void> {
    return this.server.listen(port);
  }

  /** For `SLACK_API_URL`; ends in `/api/`. */
  get apiUrl(): string {
    return `${this.server.origin}/api/`;
  }
  get botToken(): string {
    return this.workspace.tokens.bot;
  }
  get appToken(): string {
    return this.workspace.tokens.app;
  }
  get signingSecret(): string {
    return this.workspace.tokens.signingSecret;
  }
  get botUserId(): string {
    return this.workspace.bot.userId;
  }
  /** Every Web API call, oldest first. */
  get calls(): readonly WebApiCall[] {
    return this.workspace.calls;
  }
  /** Every rule the app broke. A healthy test ends with none. */
  get violations(): readonly Violation[] {
    return this.workspace.violations;
  }
  /** Everything told to the app, with every attempt. */
  get deliveries(): readonly Delivery[] {
    return this.delivering.all;
  }
  get openSockets(): number {
    return this.sockets.openCount();
  }

  /** Calls of one method. */
  callsOf(method: string): readonly WebApiCall[] {
    return this.workspace.calls.filter((call) => call.method === method);
  }

  async waitForSocket(count = 1, timeoutMs = 15_000): Promise<void> {
    await this.waitFor(() => this.sockets.openCount() >= count, { timeoutMs, what: `${count} open sockets` });
  }

  /** Resolves with the predicate's value once it is truthy; looks again at each change, never polls. */
  waitFor<T>(predicate: () => T, options?: { timeoutMs?: number; what?: string }): Promise<NonNullable<T>> {
    return this.workspace.waitFor(predicate, options);
  }

  command(gesture: CommandGesture): Promise<DeliveryResult> {
    return this.people.command(gesture);
  }
  /** On a message: give `channel` and `ts`. In a modal or on the home tab: give `viewId`, or nothing for the top modal. */
  click(gesture: ClickGesture | ViewClickGesture): Promise<DeliveryResult> {
    return 'ts' in gesture ? this.people.click(gesture) : this.forms.click(gesture);
  }
  viewSubmit(gesture: SubmitGesture): Promise<SubmitResult> {
    return this.forms.submit(gesture);
  }
  viewClose(gesture: { user: string; viewId?: string }): Promise<DeliveryResult | undefined> {
    return this.forms.close(gesture);
  }
  shortcut(gesture: ShortcutGesture): Promise<DeliveryResult> {
    return this.people.shortcut(gesture);
  }
  optionsRequest(gesture: {
    user: string;
    viewId?: string;
    actionId: string;
    query: string;
  }): Promise<DeliveryResult & { options?: Json[] }> {
    return this.forms.options(gesture);
  }
  /** A person opens the app's home tab. */
  openHome(user: string): Promise<DeliveryResult> {
    const person = this.people.person(user);
    const view = this.workspace.homes.get(user);
    return this.event({
      type: 'app_home_opened',
      user: person.id,
      tab: 'home',
      channel: this.workspace.directMessages(user).id,
      ...(view ? { view: { id: view.id, hash: view.hash, type: 'home', callback_id: view.callback_id } } : {}),
    });
  }
  event(event: Json & { type: string }): Promise<DeliveryResult> {
    return this.people.event(event);
  }
  say(gesture: { user: string; channel: string; text: string; threadTs?: string }): Promise<StoredMessage> {
    return this.people.say(gesture);
  }

  /** What the channel (id, `#name` or name) shows now, oldest first, replies included; deleted ones only on request. */
  messages(channel: string, options: { deleted?: boolean } = {}): StoredMessage[] {
    const found = this.workspace.findChannel(channel);
    return found
      ? this.workspace.messages(found.id).filter((message) => options.deleted === true || !message.deleted)
      : [];
  }
  /** One message with all its versions, even if deleted. Throws when there never was one. */
  message(channel: string, ts: string): StoredMessage {
    const found = this.workspace.findChannel(channel);
    const message = found && this.workspace.message(found.id, ts);
    if (!message) throw new Error(`There is no message ${ts} in ${channel}.`);
    return message;
  }
  /** The replies under a message. */
  thread(channel: string, ts: string): StoredMessage[] {
    return this.messages(channel).filter((message) => message.thread_ts === ts && message.ts !== ts);
  }
  /** What only this person has been shown. */
  ephemerals(user: string): EphemeralMessage[] {
    return this.workspace.ephemerals.filter((one) => one.user === user && !one.deleted);
  }
  /** The direct messages between the app and this person. */
  dms(user: string): StoredMessage[] {
    return this.messages(`D${user.replace(/^[UW]/, '')}`);
  }
  /** The person's open modals, root first. */
  views(user: string): readonly StoredView[] {
    return this.workspace.stack(user);
  }
  home(user: string): StoredView | undefined {
    return this.workspace.homes.get(user);
  }
  channel(idOrName: string): SlackChannel | undefined {
    return this.workspace.findChannel(idOrName);
  }

  addUser(user: Partial<SlackUser> & { id: string }): void {
    this.workspace.addUser(user);
  }
  setUser(id: string, change: Partial<Omit<SlackUser, 'id'>>): void {
    Object.assign(this.people.person(id, true), change);
    this.workspace.changed();
  }
  /** Members of a user group; the group is made if there is none. */
  setGroup(id: string, members: readonly string[]): void {
    const group = this.workspace.groups.get(id) ?? this.workspace.addGroup({ id });
    group.users = [...members];
    this.workspace.changed();
  }
  addChannel(option: ChannelOption): void {
    this.workspace.addChannelOption(option);
  }
  /** Slack Connect: another organisation joins the channel. */
  shareChannel(idOrName: string): void {
    this.existing(idOrName).is_ext_shared = true;
    this.workspace.changed();
  }
  archiveChannel(idOrName: string): void {
    this.existing(idOrName).is_archived = true;
    this.workspace.changed();
  }
  /** A member deletes a message under the app's feet. */
  deleteMessage(channel: string, ts: string): void {
    this.message(channel, ts).deleted = true;
    this.workspace.changed();
  }
  setCapabilities(change: Partial<Capabilities>): void {
    Object.assign(this.workspace.capabilities, change);
  }
  revoke(token: string): void {
    this.workspace.revoked.add(token);
  }

  /** From now on payloads go to this Request URL, signed, instead of a socket. */
  useHttp(requestUrl: string): void {
    this.delivering.useHttp(requestUrl);
  }
  useSockets(): void {
    this.delivering.useSockets();
  }
  redeliver(envelopeId: string): Promise<DeliveryResult> {
    return this.delivering.redeliver(envelopeId);
  }
  /** Recycles the oldest connection (or all) as Slack does every few hours. */
  refresh(options?: { reason?: DisconnectReason; all?: boolean }): void {
    this.sockets.refresh(options);
  }
  /** Breaks every socket without a goodbye. */
  dropSockets(): void {
    this.sockets.dropAll();
  }
  /** An outage: connections break, nothing answers, until `comeBack()` or `ms` have passed. */
  goAway(ms?: number): void {
    this.isAway = true;
    this.sockets.dropAll();
    this.server.breakConnections();
    clearTimeout(this.returning);
    if (ms !== undefined) this.returning = setTimeout(() => this.comeBack(), ms);
  }
  comeBack(): void {
    clearTimeout(this.returning);
    this.isAway = false;
    this.workspace.changed();
  }

  async stop(): Promise<void> {
    clearTimeout(this.returning);
    this.delivering.stop();
    this.http.stop();
    this.sockets.stop();
    await this.server.stop();
  }

  private existing(idOrName: string): SlackChannel {
    const channel = this.workspace.findChannel(idOrName);
    if (!channel) throw new Error(`There is no channel ${idOrName}.`);
    return channel;
  }
}
