import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { WebSocket, WebSocketServer } from 'ws';
import { methods, newMemory } from './methods.mjs';
import { readable } from './readable.mjs';
import { openSockets } from './sockets.mjs';
import { callUpstream, startUpstream } from './upstream.mjs';

/**
 * A Slack to try things in: local-slack behind a door on 127.0.0.1 that adds what it lacks. One address serves the Web
 * API, Socket Mode, the page for people and the control API.
 *
 * node scripts/slack-proxy/main.mjs <port> <company.json> <folder>
 */
const [port, companyFile, folder] = process.argv.slice(2);
const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
// The browser that shows the page is on this machine, and shows its times.
const company = { ...JSON.parse(readFileSync(companyFile, 'utf8')), timezone: timeZone };
const { botToken, appToken } = company.app;
mkdirSync(folder, { recursive: true });
const config = join(folder, 'local-slack.json');
const { workspace, app, users } = company;
const everybody = users.map(({ id }) => id);
const channels = company.channels.map(({ withoutBot, ...channel }) => ({
  ...channel,
  members: withoutBot ? everybody : [...everybody, app.botUserId],
}));
writeFileSync(config, JSON.stringify({ workspace, app: { ...app, mode: 'socket' }, users, channels }, null, 2));

const server = createServer();
await new Promise((resolve, reject) => server.once('error', reject).listen(Number(port), '127.0.0.1', resolve));
const address = `127.0.0.1:${server.address().port}`;
const upstream = await startUpstream({ config, folder });
upstream.child.once('exit', () => process.exit(1));

/** local-slack names its own address in what it sends. */
const rewrite = (text) => text.replaceAll(`127.0.0.1:${upstream.port}`, address);
const sockets = openSockets({ upstream, appToken, company, rewrite });
const world = {
  company,
  memory: newMemory(),
  upstream: (method, args) => callUpstream(upstream, method, args, botToken),
};

server.on('request', (request, response) => {
  if (!fromHere(request)) return void response.writeHead(403).end('Only this machine may come in.\n');
  const method = /^\/api\/([\w.]+)/.exec(request.url)?.[1];
  const own = method === 'apps.connections.open' || Object.hasOwn(methods, method ?? '');
  if (method && !own && tokenProblem(request, method)) return answer(response, tokenProblem(request, method));
  if (!own) return passThrough(request, response);
  void answerOwn(request, method).then(
    (given) => answer(response, given),
    () => answer(response, { ok: false, error: 'internal_error' }),
  );
});

server.on('upgrade', (request, socket, head) => {
  if (!fromHere(request)) return socket.destroy();
  if (request.url.startsWith('/socket/')) return sockets.upgrade(request, socket, head);
  if (request.url === '/ui') return people.handleUpgrade(request, socket, head, (connection) => joinPerson(connection));
  socket.destroy();
});

/** Another page in the same browser must not be able to act as the people here. */
function fromHere({ headers }) {
  const hosts = [address, address.replace('127.0.0.1', 'localhost')];
  if (!hosts.includes(headers.host)) return false;
  return headers.origin === undefined || hosts.some((host) => headers.origin === `http://${host}`);
}

async function answerOwn(request, method) {
  const args = await argumentsOf(request);
  const problem = tokenProblem(request, method, args.token);
  if (problem) return problem;
  if (method === 'apps.connections.open') return { ok: true, url: `ws://${address}${sockets.ticket()}` };
  const { token: _token, ...rest } = args;
  return methods[method](rest, world, method);
}

/** local-slack takes any token; Slack does not. */
function tokenProblem(request, method, inBody) {
  const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? inBody;
  if (given === undefined) return { ok: false, error: 'not_authed' };
  const wanted = method === 'apps.connections.open' ? appToken : botToken;
  return given === wanted ? undefined : { ok: false, error: 'invalid_auth' };
}

async function argumentsOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  const query = Object.fromEntries(new URL(request.url, `http://${address}`).searchParams);
  if ((request.headers['content-type'] ?? '').includes('json')) return { ...query, ...JSON.parse(text || '{}') };
  const args = { ...query, ...Object.fromEntries(new URLSearchParams(text)) };
  for (const key of ['blocks', 'attachments', 'view', 'metadata'])
    if (typeof args[key] === 'string') args[key] = JSON.parse(args[key]);
  return args;
}

function answer(response, given) {
  response.writeHead(200, { 'content-type': 'application/json' }).end(rewrite(JSON.stringify(given)));
}

function passThrough(request, response) {
  const { method, url, headers } = request;
  const command = url === '/_control/command' && !sockets.connected();
  const call = httpRequest({ socketPath: upstream.socketFile, method, path: url, headers }, (inner) => {
    if (!/json|text\/html/.test(inner.headers['content-type'] ?? '') || url === '/') {
      response.writeHead(inner.statusCode, inner.headers);
      return void inner.pipe(response);
    }
    let text = '';
    inner.setEncoding('utf8');
    inner.on('data', (chunk) => (text += chunk));
    inner.on('end', () => {
      const { 'content-length': _length, 'transfer-encoding': _encoding, ...rest } = inner.headers;
      response.writeHead(inner.statusCode, rest).end(rewrite(text));
    });
  });
  call.once('error', () => response.destroy());
  const later = method === 'POST' && url.startsWith('/_hooks/response/');
  if (!command && !later) return void request.pipe(call);
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (chunk) => (body += chunk));
  request.on('end', () => {
    const said = later ? Buffer.from(JSON.stringify(readable(JSON.parse(body), company))) : body;
    if (later) call.setHeader('content-length', said.length);
    call.end(said);
    if (command) tellNobodyHeard(body);
  });
}

/** The people's page: passed on as it is, except that a command nobody can hear is answered as Slack answers it. */
const people = new WebSocketServer({ noServer: true });
function joinPerson(person) {
  const inner = new WebSocket(`ws+unix:${upstream.socketFile}:/ui`);
  const early = [];
  inner.on('open', () => early.splice(0).forEach((text) => inner.send(text)));
  person.on('message', (data) => {
    const text = data.toString();
    if (inner.readyState === WebSocket.OPEN) inner.send(text);
    else early.push(text);
    if (!sockets.connected()) tellNobodyHeard(text, 'slash_command');
  });
  inner.on('message', (data) => person.send(rewrite(data.toString())));
  for (const [one, other] of [
    [person, inner],
    [inner, person],
  ]) {
    one.on('close', () => other.close());
    one.on('error', () => other.terminate());
  }
}

function tellNobodyHeard(text, kind) {
  let said;
  try {
    said = JSON.parse(text);
  } catch {
    return;
  }
  if ((kind && said.t !== kind) || !said.command) return;
  const sentence = `${said.command} failed with the error "dispatch_failed": the app did not respond. Try again when it is back.`;
  void world
    .upstream('chat.postEphemeral', { channel: said.channel, user: said.user, text: sentence })
    .catch(() => undefined);
}

function end() {
  upstream.child.removeAllListeners('exit');
  upstream.child.once('exit', () => process.exit(0));
  rmSync(upstream.socketFile, { force: true });
  upstream.child.stdin.end();
  server.close();
  setTimeout(() => process.exit(0), 2_000).unref();
}
process.once('SIGTERM', end);
process.once('SIGINT', end);
process.once('disconnect', end);
process.stdout.write(`${JSON.stringify({ url: `http://${address}`, isolated: upstream.isolated })}\n`);
