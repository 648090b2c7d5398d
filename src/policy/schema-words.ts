import { z } from 'zod';
import { text } from '../documents/text';

/** The words that the files of a policy repository are made of: names, times and Slack ids, each with its own complaint. */

export const name = text().max(80);
export const identifier = text()
  .max(60)
  .regex(/^[a-z][a-z0-9_]*$/, 'has to be lower-case letters, digits and _, a letter first');
export const slug = text()
  .max(60)
  .regex(/^[a-z0-9][a-z0-9_-]*$/i, 'has to be letters, digits, - and _');
export const duration = text()
  .max(20)
  .regex(/^(\d{1,9}(ms|s|m|h|d))+$/, 'has to be a length of time such as 30s, 5m, 4h or 2d');
export const condition = text().max(2_000);
export const channel = text().regex(
  /^(#[\p{L}\p{N}_.-]{1,80}|[CG][A-Z0-9]{2,})$/u,
  'has to be a channel such as "#deploys"',
);
export const userId = text().regex(/^[UW][A-Z0-9]+$/, 'has to be a Slack user id such as U0LEE');
export const groupId = text().regex(/^S[A-Z0-9]+$/, 'has to be a Slack user group id such as S0SECURITY');
export const day = text().regex(/^\d{4}-\d{2}-\d{2}$/, 'has to be a day such as 2026-12-18');
export const dayOfAnyYear = text().regex(
  /^(\d{4}-)?\d{2}-\d{2}$/,
  'has to be a day such as 2026-12-18, or "12-18" with every: year',
);
export const clock = text().regex(/^\d{1,2}:\d{2}$/, 'has to be a time of day such as "09:00"');
export const teamNames = z.array(identifier).min(1).max(20);
export const plainFact = z.union([z.boolean(), text()]);
