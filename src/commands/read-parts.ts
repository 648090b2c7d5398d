import { Misread, nothingElse, type Arguments } from './arguments';
import type { Asked } from './asked';
import { cleanName, isName, isVersion, misspelled } from './names';
import { excerpt, type Word } from './words';

/** A name as typed; one that looks like a known one is a slip. Throws `Misread`. */
export function nameOf(
  word: Word | undefined,
  want: { readonly what: string; readonly known?: readonly string[]; readonly keyword?: string },
): string {
  if (word === undefined)
    throw new Misread(
      want.keyword === undefined
        ? `Which ${want.what}? Its name is missing.`
        : `Which ${want.what}? Write it behind "${want.keyword}".`,
    );
  const name = cleanName(word.text);
  if (!isName(name))
    throw new Misread(
      `"${excerpt(word.prose)}" cannot be the name of a ${want.what}: names have letters, digits, dots, hyphens and underscores, at most 63.`,
    );
  const meant = misspelled(name, want.known);
  if (meant !== undefined) throw new Misread(`There is no ${want.what} "${name}".`, meant);
  return name;
}

/** A tag, a branch or a commit. `missing` is said when there is none. */
export function versionOf(word: Word | undefined, missing: string): string {
  if (word === undefined) throw new Misread(missing);
  const version = cleanName(word.text);
  if (!isVersion(version))
    throw new Misread(
      `"${excerpt(word.prose)}" cannot be a version: write a tag, a branch or a commit, such as v2.4.0.`,
    );
  return version;
}

/** A Slack user id in a mention, with or without its brackets; empty when it is none. */
export function personIn(text: string): string {
  return /^(?:<@|@)?([UW][A-Z0-9]{2,20})(?:\|[^>]*)?>?$/.exec(cleanName(text))?.[1] ?? '';
}

/** Nothing may stand behind it. */
export function none<Kind extends Asked>(given: Arguments, asked: Kind): Kind {
  nothingElse(given.words, given.flags);
  return asked;
}
