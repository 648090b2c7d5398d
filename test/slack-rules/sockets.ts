import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Workspace } from './state';

/** docs.slack.dev/apis/events-api/using-socket-mode: at most ten connections per app. */
const MAX_CONNECTIONS = 10;
/** Same page: Slack warns about ten seconds before it ends a connection. */
const WARNING_MS = 10_000;
const PING_MS = 10_000;

interface Connection {
  readonly number: number;
  readonly socket: WebSocket;
  /** Slack has asked this one to leave: it gets no more envelopes while another is open. */
  leaving: boolean;
}

export interface Envelope {
  readonly envelope_id: string;
  readonly type: string;
  readonly payload: unknown;
  readonly accepts_response_payload: boolean;
  readonly retry_attempt?: number;
  readonly retry_reason?: string;
}

export type DisconnectReason = 'warning' | 'refresh_requested' | 'link_disabled' | 'too_many_websockets';

/** The Socket Mode side: tickets from `apps.connections.open`, `hello`, envelopes to exactly one connection, refreshes. */
export class Sockets {
  readonly connections: Connection[] = [];
  /** Called with each frame an app sends back. */
  onAck: (envelopeId: string, payload: unknown) => void = () => {};

  private readonly server = new WebSocketServer({ noServer: true });
  private readonly tickets = new Set<string>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly pinger: NodeJS.Timeout;
  private next = 0;
  private opened = 0;

  constructor(
    private readonly workspace: Workspace,
    private readonly away: () => boolean,
  ) {
    this.pinger = setInterval(() => this.connections.forEach((connection) => connection.socket.ping()), PING_MS);
    this.pinger.unref();
  }

  attach(http: Server): void {
    http.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head));
  }

  /** A single-use address for one connection, as `apps.connections.open` returns it. */
  issueTicket(): string {
    const ticket = randomUUID();
    this.tickets.add(ticket);
    return ticket;
  }

  openCount(): number {
    return this.connections.filter((connection) => !connection.leaving).length;
  }

  /** Sends to one connection, in turn; returns its number, or undefined when none is open. */
  send(envelope: Envelope, then: { dropSocket: boolean } = { dropSocket: false }): number | undefined {
    const staying = this.connections.filter((connection) => !connection.leaving);
    const candidates = staying.length > 0 ? staying : this.connections;
    const connection = candidates[this.next % Math.max(1, candidates.length)];
    if (!connection) return undefined;
    this.next += 1;
    connection.socket.send(JSON.stringify(envelope));
    // Terminated only once the frame has left: the app may see the envelope but cannot acknowledge it here.
    if (then.dropSocket) setImmediate(() => connection.socket.terminate());
    return connection.number;
  }

  isOpen(number: number): boolean {
    return this.connections.some((connection) => connection.number === number);
  }

  /**
   * Ends connections the way Slack recycles them. `warning` tells the app, waits ten (scaled) seconds and then closes;
   * the other reasons close at once. The oldest connection unless `all`.
   */
  refresh(options: { reason?: DisconnectReason; all?: boolean } = {}): void {
    const reason = options.reason ?? 'warning';
    const leaving = options.all ? [...this.connections] : this.connections.slice(0, 1);
    for (const connection of leaving) {
      connection.leaving = true;
      this.disconnectFrame(connection.socket, reason);
      if (reason !== 'warning') {
        this.later(() => connection.socket.close(1000), 100);
        continue;
      }
      this.later(() => {
        if (!this.connections.includes(connection)) return;
        this.disconnectFrame(connection.socket, 'refresh_requested');
        connection.socket.close(1000);
      }, WARNING_MS / this.workspace.scale);
    }
  }

  /** Breaks every connection without a goodbye. */
  dropAll(): void {
    for (const connection of this.connections.splice(0)) connection.socket.terminate();
  }

  stop(): void {
    clearInterval(this.pinger);
    for (const timer of this.timers) clearTimeout(timer);
    this.dropAll();
    this.server.close();
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const ticket = new URL(request.url ?? '/', 'http://localhost').searchParams.get('ticket') ?? '';
    if (this.away() || !this.tickets.delete(ticket)) {
      socket.destroy();
      return;
    }
    this.server.handleUpgrade(request, socket, head, (webSocket) => this.welcome(webSocket));
  }

  private welcome(socket: WebSocket): void {
    if (this.connections.length >= MAX_CONNECTIONS) {
      this.disconnectFrame(socket, 'too_many_websockets');
      socket.close(1000);
      return;
    }
    this.opened += 1;
    const connection: Connection = { number: this.opened, socket, leaving: false };
    this.connections.push(connection);
    socket.on('message', (data) => this.received(String(data)));
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      const index = this.connections.indexOf(connection);
      if (index >= 0) this.connections.splice(index, 1);
      this.workspace.changed();
    });
    socket.send(
      JSON.stringify({
        type: 'hello',
        num_connections: this.connections.length,
        debug_info: { host: 'slack-rules', approximate_connection_time: 18_060 },
        connection_info: { app_id: this.workspace.bot.appId },
      }),
    );
    this.workspace.changed();
  }

  private received(data: string): void {
    const frame = JSON.parse(data) as { envelope_id?: string; payload?: unknown };
    if (typeof frame.envelope_id === 'string') this.onAck(frame.envelope_id, frame.payload);
  }

  private disconnectFrame(socket: WebSocket, reason: DisconnectReason): void {
    socket.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'slack-rules' } }));
  }

  private later(action: () => void, ms: number): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      action();
    }, ms);
    this.timers.add(timer);
  }
}
