import { z } from 'zod';
import { text } from '../../documents/text';
import { controlKind } from './control';

const channel = /^(#[a-z0-9][a-z0-9_-]{0,79}|[CG][A-Z0-9]{2,20})$/;
const somebody = /^(#[a-z0-9][a-z0-9_-]{0,79}|[CGUW][A-Z0-9]{2,20}|requester)$/;
const words = text().min(1).max(3_000);

export const notifyWith = z.strictObject({
  to: z
    .array(text().regex(somebody, 'has to be #channel, the Slack id of a channel or a person, or requester'))
    .min(1)
    .max(10),
  text: words,
});

export const slackMessageWith = z.strictObject({
  channel: text().regex(channel, 'has to be #channel or the Slack id of a channel'),
  text: words,
});

export const notify = controlKind({
  name: 'notify',
  control: 'notify',
  doc: 'Tells people: channels, persons by their Slack id, or `requester`. Each is told once, and what is told is text: nobody is mentioned by it.',
  with: notifyWith,
});

export const slackMessage = controlKind({
  name: 'slack/message',
  control: 'notify',
  doc: 'Posts a message in a channel, once. It is text: nobody is mentioned by it.',
  with: slackMessageWith,
});
