import type { z } from 'zod';
import { complaints, type Complaint } from './issues';

/** What a schema has against something that a person typed as JSON: each names the key, what is wanted, and where. */
export function complaintWords(input: {
  readonly schema: z.core.$ZodType;
  readonly value: unknown;
  readonly issues: readonly z.core.$ZodIssue[];
}): readonly string[] {
  return complaints(input.schema, input.value, input.issues).map(words);
}

function words({ path, message, hint, wanted }: Complaint): string {
  if (path.length === 0) return message.replace(/^the file /, 'it ');
  const inside = path.slice(0, -1);
  const where = inside.length > 0 && typeof path.at(-1) === 'string' ? ` in ${placeWords(inside)}` : '';
  const more = hint ?? (wanted === undefined ? undefined : `it has to be ${wanted}`);
  return `${message}${where}${more === undefined ? '' : ` (${more})`}`;
}

/** `history[0]` */
function placeWords(path: readonly (string | number)[]): string {
  return path.map((key, at) => (typeof key === 'number' ? `[${key}]` : at === 0 ? key : `.${key}`)).join('');
}
