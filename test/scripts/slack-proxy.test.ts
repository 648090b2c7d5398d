import { spawn, type ChildProcess } from 'node:child_process';
import { on, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';

const root = join(__dirname, '../..');
const companyFile = join(root, 'scripts/slack-proxy/company.json');
const appToken = (jest.requireActual(companyFile) as { app: { appToken: string } }).app.appToken;

let folder: string;
let proxy: ChildProcess;
let url: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slack-proxy-'));
  proxy = spawn(process.execPath, [join(root, 'scripts/slack-proxy/main.mjs'), '0', companyFile, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: proxy.stdout! }), 'line')) as [string];
  url = (JSON.parse(line) as { url: string }).url;
}, 30_000);

afterAll(async () => {
  const ended = once(proxy, 'exit');
  proxy.kill();
  await ended;
  rmSync(folder, { recursive: true, force: true });
});

async function post(path: string, body: object, token?: string): Promise<Response> {
  return fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token ?? ''}` },
    body: JSON.stringify(body),
  });
}

/** What a command brings, acknowledged without a word. Typed until it is heard: the way to the app opens by itself. */
async function typed(command: object): Promise<{ readonly response_url: string }> {
  const opened = (await (await post('/api/apps.connections.open', {}, appToken)).json()) as { url: string };
  const socket = new WebSocket(opened.url);
  const typing = setInterval(() => void post('/_control/command', command).catch(() => undefined), 500);
  try {
    for await (const [data] of on(socket, 'message') as AsyncIterable<[Buffer]>) {
      const envelope = JSON.parse(data.toString()) as { envelope_id?: string; payload: { response_url: string } };
      if (!envelope.envelope_id) continue;
      clearInterval(typing);
      socket.send(JSON.stringify({ envelope_id: envelope.envelope_id }));
      return envelope.payload;
    }
    throw new Error('the socket closed');
  } finally {
    clearInterval(typing);
    socket.close();
  }
}

test('an answer that comes after the acknowledgement is shown as Slack shows it', async () => {
  const { response_url } = await typed({
    channel: 'C0DEPLOYS',
    user: 'U0ANA',
    command: '/provision',
    text: 'list',
    appId: 'A0SIGNALBOX',
  });
  const text = 'a &lt;b&gt; until <!date^1795251600^{date_long}|2026-11-21 09:00 UTC>';
  await fetch(response_url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ response_type: 'ephemeral', text }),
  });
  const said = (await (await fetch(`${url}/_control/messages/C0DEPLOYS`)).json()) as { messages: { text: string }[] };
  expect(said.messages.map((message) => message.text)).toContainEqual(
    expect.stringMatching(/^a <\u200bb> until Saturday,? 21 November 2026$/),
  );
}, 30_000);
