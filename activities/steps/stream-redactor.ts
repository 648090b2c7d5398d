import { StringDecoder } from 'node:string_decoder';
import type { Redactor } from './redact';

/** Masks secrets in text that comes in pieces: a secret that is cut in two by the border of pieces is masked, too. */
export class StreamRedactor {
  private readonly decoder = new StringDecoder('utf8');
  private held = '';

  constructor(private readonly redactor: Redactor) {}

  /** What can be shown by now. The last characters are held back while they may be the beginning of a secret. */
  push(chunk: Uint8Array): string {
    this.held += this.decoder.write(Buffer.from(chunk));
    return this.release(this.redactor.safeLength(this.held));
  }

  /** The rest. */
  end(): string {
    this.held += this.decoder.end();
    return this.release(this.held.length);
  }

  private release(length: number): string {
    const shown = this.redactor.text(this.held.slice(0, length));
    this.held = this.held.slice(length);
    return shown;
  }
}
