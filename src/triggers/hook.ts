import type { Json } from '../json';

/** What a service posted for a runbook, as the bot took it in and signed it. */
export interface Hook {
  readonly format: 1;
  readonly runbook: string;
  /** Name of the machine whose token it came with. */
  readonly by: string;
  /** ISO 8601 UTC: when the bot took it. */
  readonly at: string;
  readonly body: Json;
}

/** Larger bodies are no news but data. */
export const mostHookBytes = 64 * 1024;
const deepest = 32;

/** Whether lists and objects lie deeper in one another than anybody writes. */
export function isTooDeep(body: Json, left = deepest): boolean {
  if (typeof body !== 'object' || body === null) return false;
  return left === 0 || Object.values(body).some((each) => isTooDeep(each as Json, left - 1));
}
