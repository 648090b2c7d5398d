import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { AddressInfo } from 'node:net';

const program = process.env.MOTO_PYTHON ?? join(__dirname, '../../.tools/moto/bin/python');

interface Keys {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** An S3 server of a test file's own, which checks signatures, with a line to it that can be cut. */
export class TestS3 {
  /** `up`: as it is; `hangs`: takes what it is sent and says nothing; `down`: nobody is there. */
  state: 'up' | 'hangs' | 'down' = 'up';
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly process: ChildProcess,
    private readonly line: Server,
    /** May use every bucket. */
    readonly keeper: Keys,
    /** Is known, and may do nothing. */
    readonly nobody: Keys,
    private readonly direct: URL,
  ) {
    line.on('connection', (socket) => this.join(socket));
  }

  static async start(): Promise<TestS3> {
    if (!existsSync(program))
      throw new Error('moto is missing: run the tests with `npm test`, or set MOTO_PYTHON to a Python that has it.');
    const child = spawn(program, [join(__dirname, 's3_server.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [said] = (await once(createInterface(child.stdout), 'line')) as [string];
    const { endpoint, keeper, nobody } = JSON.parse(said) as { endpoint: string; keeper: Keys; nobody: Keys };
    const line = createServer().listen(0, '127.0.0.1');
    await once(line, 'listening');
    return new TestS3(child, line, keeper, nobody, new URL(endpoint));
  }

  /** It has the bucket `signalbox-logs`. */
  get endpoint(): string {
    return `http://127.0.0.1:${(this.line.address() as AddressInfo).port}`;
  }

  set(state: TestS3['state']): void {
    this.state = state;
    if (state !== 'up') for (const socket of this.sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.set('down');
    this.line.close();
    const ended = this.process.exitCode === null ? once(this.process, 'exit') : undefined;
    this.process.stdin?.end();
    await ended;
  }

  private join(socket: Socket): void {
    this.sockets.add(socket.on('close', () => this.sockets.delete(socket)).on('error', () => undefined));
    if (this.state === 'down') socket.destroy();
    if (this.state === 'hangs') socket.resume();
    if (this.state !== 'up') return;
    const other = connect(Number(this.direct.port), this.direct.hostname);
    other.on('error', () => socket.destroy()).on('close', () => socket.destroy());
    socket.on('close', () => other.destroy());
    socket.pipe(other).pipe(socket);
  }
}
