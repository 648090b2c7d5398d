import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';

/** A mail server on 127.0.0.1 that speaks SMTP (RFC 5321) in the clear, one command a line. */
export class MailServer {
  readonly mails: { readonly to: readonly string[]; readonly source: string }[] = [];
  /** Answers instead of what it would say, by command. */
  readonly says = new Map<string, string>();
  /** Takes a mail and cuts the line before it says so. */
  cutsAfterData = false;
  /** Never answers to this command. */
  silentAt: string | undefined;
  connections = 0;
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((socket) => this.talk(socket));

  async start(): Promise<void> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private talk(socket: Socket): void {
    this.connections += 1;
    this.sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => this.sockets.delete(socket));
    let rest = '';
    let source: string | undefined;
    let to: string[] = [];
    const say = (line: string): void => void socket.write(`${line}\r\n`);
    say('220 mail.example.com ESMTP');
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      rest += chunk;
      for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        if (source !== undefined) {
          if (line !== '.') source += `${line}\n`;
          else {
            this.mails.push({ to, source });
            source = undefined;
            if (this.cutsAfterData) socket.destroy();
            else say('250 2.0.0 Ok: queued');
          }
          continue;
        }
        const command = line.split(/[ :]/)[0]!.toUpperCase();
        if (command === this.silentAt) return;
        const other = this.says.get(command);
        if (other !== undefined) say(other);
        else if (command === 'EHLO') say('250 mail.example.com');
        else if (command === 'MAIL') say('250 2.1.0 Ok');
        else if (command === 'RCPT') {
          to = [...to, /<(.*)>/.exec(line)![1]!];
          say('250 2.1.5 Ok');
        } else if (command === 'DATA') {
          source = '';
          say('354 End data with <CR><LF>.<CR><LF>');
        } else if (command === 'QUIT') socket.end('221 2.0.0 Bye\r\n');
        else say('502 5.5.2 unknown command');
      }
    });
  }
}
