import { nearest } from './suggest';

/** Names that exist, as far as the asking side knows; they serve suggestions only, policy decides. */
export interface KnownNames {
  readonly services?: readonly string[];
  readonly environments?: readonly string[];
  readonly runbooks?: readonly string[];
}

// Direction marks, zero-width characters and soft hyphens: invisible in Slack, and never part of a name.
const invisible = /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g;

/** A name without the invisible characters that copying from chats and documents leaves in it. */
export function cleanName(text: string): string {
  return text.replace(invisible, '');
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const versionPattern = /^[A-Za-z0-9][A-Za-z0-9._+/-]{0,127}$/;

export function isName(text: string): boolean {
  return namePattern.test(text) && !text.includes('..');
}

/** A tag, branch or commit: what Git takes as a reference, and nothing that an option parser would take. */
export function isVersion(text: string): boolean {
  return versionPattern.test(text) && !/\.\.|\/\/|\/$|\.$|\.lock$/.test(text);
}

export const isInputName = (text: string): boolean => /^[A-Za-z][A-Za-z0-9_-]{0,62}$/.test(text);

/** The near name, when this one is not known but looks like one that is. */
export function misspelled(typed: string, known: readonly string[] | undefined): string | undefined {
  if (known === undefined || known.includes(typed)) return undefined;
  return nearest(typed, known);
}
