import { digestOf } from '../../src/canonical';
import { emailSend, type EmailSendWith } from '../../src/runbooks/kinds/email-send';
import { sendMail } from '../adapters/smtp';
import { stepKind } from './step-kind';

export const runEmailSend = stepKind<EmailSendWith>(emailSend, async (context) => {
  const { given, limitMs, signal } = context;
  const connection = context.connection(given.connection, 'smtp');
  const password = connection.password && (await context.secret(connection.password));
  const domain = connection.from.slice(connection.from.indexOf('@') + 1);
  const messageId = `<${digestOf(context.idempotencyKey).slice(0, 32)}@${domain}>`;
  await sendMail(
    { connection, limitMs, signal, ...(password === undefined ? {} : { password }) },
    { to: given.to, cc: given.cc ?? [], subject: given.subject, text: given.text, messageId },
  );
  const count = given.to.length + (given.cc ?? []).length;
  return { tells: { message_id: messageId }, summary: `sent to ${count === 1 ? given.to[0] : `${count} addresses`}` };
});
