import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { StepFailed } from './outcomes';

const iterations = 4096;

/** What PostgreSQL keeps of a password (RFC 5803), so that the password itself is never a part of a statement. */
export function scramVerifier(password: string, salt: Buffer = randomBytes(16)): string {
  // Others would have to be normalised as RFC 4013 says, and a client that does it otherwise could not log in.
  if (!/^[\x20-\x7e]+$/.test(password))
    throw new StepFailed('The password of a database user has to be of printable ASCII characters.');
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  const keyOf = (text: string): Buffer => createHmac('sha256', salted).update(text).digest();
  const stored = createHash('sha256').update(keyOf('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${stored}:${keyOf('Server Key').toString('base64')}`;
}
