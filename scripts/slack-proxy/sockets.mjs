import { randomUUID } from 'node:crypto';
import { WebSocket, WebSocketServer } from 'ws';
import { escaped, readable } from './readable.mjs';
import { callUpstream } from './upstream.mjs';

/**
 * Socket Mode towards the bot: one connection to local-slack, which would send every envelope to every connection, and
 * each envelope to exactly one of the bot's connections, in turn, as Slack does. An envelope whose connection closes
 * before it is acknowledged goes to another one. Commands come with people and channels by id, and what an
 * acknowledgement carries is made readable.
 */
export function openSockets({ upstream, appToken, company, rewrite }) {
  const server = new WebSocketServer({ noServer: true });
  const tickets = new Set();
  const downstream = [];
  const open = new Map();
  let source;
  let turn = 0;

  async function connectSource() {
    if (source) return;
    const mine = (source = {});
    const { url } = await callUpstream(upstream, 'apps.connections.open', {}, appToken);
    mine.socket = new WebSocket(`ws+unix:${upstream.socketFile}:${new URL(url).pathname}`);
    mine.socket.on('message', (data) => {
      const envelope = JSON.parse(data.toString());
      if (!envelope.envelope_id) return;
      if (envelope.type === 'slash_commands') envelope.payload.text = escaped(envelope.payload.text, company);
      open.set(envelope.envelope_id, { text: rewrite(JSON.stringify(envelope)) });
      deliver(envelope.envelope_id);
    });
    mine.socket.on('error', () => undefined);
    mine.socket.once('close', () => {
      if (source === mine) source = undefined;
      if (downstream.length > 0) setTimeout(() => void connectSource().catch(() => undefined), 200);
    });
  }

  function deliver(id) {
    const envelope = open.get(id);
    if (!envelope || downstream.length === 0) return;
    const connection = downstream[turn++ % downstream.length];
    envelope.connection = connection;
    connection.send(envelope.text);
    // local-slack waits five seconds for the acknowledgement and forgets the envelope then.
    setTimeout(() => open.delete(id), 5_000).unref();
  }

  function accept(connection) {
    downstream.push(connection);
    const alive = setInterval(() => connection.ping(), 10_000);
    connection.send(
      JSON.stringify({
        type: 'hello',
        num_connections: downstream.length,
        connection_info: { app_id: 'A0SIGNALBOX' },
        debug_info: { host: 'local-slack', started: new Date().toISOString(), approximate_connection_time: 18_060 },
      }),
    );
    connection.on('message', (data) => {
      const answer = JSON.parse(data.toString());
      if (!open.delete(answer.envelope_id)) return;
      source?.socket?.send(JSON.stringify(readable(answer, company)));
    });
    connection.on('error', () => undefined);
    connection.once('close', () => {
      clearInterval(alive);
      downstream.splice(downstream.indexOf(connection), 1);
      const orphans = [...open].filter(([, envelope]) => envelope.connection === connection);
      for (const [id] of orphans) deliver(id);
      // Without a bot local-slack shall say that the app is not connected.
      if (downstream.length === 0) source?.socket?.close();
    });
    void connectSource().catch(() => undefined);
  }

  return {
    connected: () => downstream.length > 0,
    /** Path of a connection that may be opened once. */
    ticket: () => {
      const id = randomUUID();
      tickets.add(id);
      return `/socket/${id}`;
    },
    upgrade: (request, socket, head) => {
      if (!tickets.delete(request.url.slice('/socket/'.length))) return socket.destroy();
      server.handleUpgrade(request, socket, head, accept);
    },
  };
}
