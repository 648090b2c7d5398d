import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A line to a server that can be cut and mended, so that an outage of the server can be played. */
export class TcpProxy {
  private readonly open = new Set<Socket>();
  private cut = false;
  /** Whether there was an outage at all. */
  wasCut = false;

  private constructor(
    private readonly server: Server,
    private readonly target: { readonly host: string; readonly port: number },
  ) {
    server.on('connection', (near) => this.join(near));
  }

  static async to(address: string): Promise<TcpProxy> {
    const [host = '127.0.0.1', port] = address.replace(/^redis:\/\//, '').split(':');
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server, { host, port: Number(port) });
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Breaks every connection and lets no new one through. */
  goAway(): void {
    this.cut = true;
    this.wasCut = true;
    for (const socket of this.open) socket.destroy();
  }

  comeBack(): void {
    this.cut = false;
  }

  async stop(): Promise<void> {
    this.goAway();
    this.server.close();
    await once(this.server, 'close');
  }

  private join(near: Socket): void {
    near.on('error', () => undefined);
    if (this.cut) {
      near.destroy();
      return;
    }
    const far = connect(this.target.port, this.target.host);
    far.on('error', () => near.destroy());
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.open.add(one);
      one.on('close', () => {
        this.open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}
