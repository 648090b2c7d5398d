import { connect } from 'node:net';

/** Resolves once something listens on a port of this machine; throws after 30 s. */
export async function reachable(port: number): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const open = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (open) return;
    if (Date.now() > deadline) throw new Error(`Nothing listens on 127.0.0.1:${port} after 30 s.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
