import { z } from 'zod';
import { text } from '../documents/text';

/** It becomes a part of the names of its servers, and of step ids. */
const groupName = z
  .string()
  .regex(
    /^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/,
    'has to be lower-case letters, digits and hyphens, a letter first, at most 32',
  );

/** Plain words of the provider: what is written here is data everywhere and never looked into. */
const word = text().regex(
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
  'has to be letters, digits, dots, hyphens and underscores',
);

/** How many servers one group may have. */
export const mostServers = 200;

const group = z.strictObject({
  count: z.int().min(0).max(mostServers),
  type: word,
  region: word,
  /** Its servers hold data that is lost with them: whoever carries out that loss types the name of the group. */
  data: z.boolean().optional(),
});

/** The shape of `infrastructure/<name>.yaml`. */
export const infrastructureSchema = z.strictObject({ servers: z.record(groupName, group) });

export const infrastructurePlace = /^infrastructure\/[^/]+\.ya?ml$/;
