import { z } from 'zod';
import { text } from '../documents/text';
import { day, userId } from './schema-words';

/** `people.yaml`: by Slack user id, every other name of the same person. */
export const peopleSchema = z.strictObject({
  people: z.record(
    userId,
    z.strictObject({
      name: text().optional(),
      email: text().optional(),
      /** Further Slack accounts of the same person. */
      accounts: z.array(userId).optional(),
      /** Author names and addresses in Git. */
      git: z.array(text()).optional(),
      timezone: text().optional(),
      /** Who sits in for them, dates inclusive. */
      delegate: z.strictObject({ to: userId, from: day, until: day }).optional(),
    }),
  ),
});

export type PersonEntry = z.infer<typeof peopleSchema>['people'][string];
