import { z } from 'zod';
import { emailAddress } from '../../connections/schema';
import { text } from '../../documents/text';
import type { StepKindSpec } from '../step-kind';

const addresses = z.array(text().regex(emailAddress, 'has to be an e-mail address')).min(1).max(50);

export const emailSendWith = z.strictObject({
  connection: text(),
  to: addresses,
  cc: addresses.optional(),
  subject: text()
    .max(200)
    .regex(/^[^\p{Cc}\u2028\u2029]+$/u, 'has to be one line'),
  text: text().max(100_000),
});

export type EmailSendWith = z.infer<typeof emailSendWith>;

export const emailSend: StepKindSpec = {
  name: 'email/send',
  doc: 'Sends one e-mail in plain text over a connection of the kind `smtp`. No server tells what it has been given, so it is never sent twice; its Message-ID is the same for every attempt. Expressions see `message_id`.',
  with: emailSendWith,
  tells: ['message_id'],
  readOnly: () => false,
  repeat: () => 'never',
  timeoutMs: 60_000,
  connections: (given) => [String(given.connection ?? '')],
  connectionKinds: ['smtp'],
};
