import { SocketModeReceiver, type App, type Logger as BoltLogger } from '@slack/bolt';
import type { BotDeps } from './deps';
import { bounded } from './temporal';

interface SocketParts {
  readonly appToken: string;
  readonly apiUrl?: string;
  readonly app: Pick<App, 'processEvent'>;
  readonly boltLogger: BoltLogger;
  readonly log: BotDeps['log'];
  /** Not connected for so long, and the attempt is given up for a new one. Milliseconds. */
  readonly supervise: number;
}

/**
 * One Socket Mode connection that is always being brought back. The client's own reconnecting is off: it pauses five
 * seconds at every refresh by Slack, and ends the process when the app token is refused meanwhile.
 */
export class SupervisedSocket {
  private stopped = false;
  private receiver: SocketModeReceiver | undefined;
  private wake: (() => void) | undefined;
  private running: Promise<void> | undefined;
  private up = false;

  constructor(private readonly parts: SocketParts) {}

  get connected(): boolean {
    return this.up;
  }

  /** Begins to connect after so many milliseconds. Slack being away is not an error: it is tried until it is back. */
  start(afterMs: number): void {
    this.running ??= this.keepConnected(afterMs);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.wake?.();
    this.hangUp();
    await this.running;
  }

  private async keepConnected(afterMs: number): Promise<void> {
    await this.sleep(afterMs);
    for (let failures = 0; !this.stopped;) {
      try {
        await this.connectOnce(() => {
          failures = 0;
        });
      } catch (error) {
        failures += 1;
        this.parts.log.warn({ err: error, failures }, 'Slack does not take the connection; trying again');
      } finally {
        this.up = false;
        this.hangUp();
      }
      if (failures > 0) await this.sleep(Math.min(500 * 2 ** (failures - 1), 30_000));
    }
  }

  /** Connects and resolves once the connection has ended. */
  private async connectOnce(onConnected: () => void): Promise<void> {
    const { appToken, apiUrl, app, boltLogger, supervise } = this.parts;
    const receiver = new SocketModeReceiver({
      appToken,
      logger: boltLogger,
      autoReconnectEnabled: false,
      installerOptions: {
        clientOptions: { ...(apiUrl && { slackApiUrl: apiUrl }), retryConfig: { retries: 0 }, timeout: 10_000 },
      },
    });
    this.receiver = receiver;
    receiver.init(app as App);
    const ended = new Promise<void>((resolve) => {
      receiver.client.once('disconnected', () => resolve());
    });
    await bounded(receiver.start(), supervise);
    this.up = true;
    onConnected();
    await Promise.race([ended, this.stopping()]);
  }

  private stopping(): Promise<void> {
    return this.stopped ? Promise.resolve() : new Promise((resolve) => (this.wake = resolve));
  }

  private hangUp(): void {
    const { receiver } = this;
    this.receiver = undefined;
    receiver?.client.disconnect().catch((error: unknown) => {
      this.parts.log.debug({ err: error }, 'a socket was closed already');
    });
  }

  private sleep(ms: number): Promise<void> {
    if (this.stopped || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
