/**
 * A pattern of paths as `.gitignore` and CODEOWNERS write them: `*` and `?` stay inside one name, `**` crosses folders,
 * a leading `/` or one in the middle ties it to the root, and a folder stands for everything below it; `docs/*` is only
 * what lies directly in docs, as hosts of code read it. Matching takes time in proportion to the sizes, never more:
 * patterns come from repositories that nobody here has checked.
 */
export interface PathPattern {
  matches(path: string): boolean;
}

const anyNames = '**' as const;

/** Whether a path fits a pattern of policy: `*` and `?` within a folder, `**` across folders, from the root on. */
export function matchesGlob(path: string, glob: string): boolean {
  return fitsNames(path, glob.split('/').map(nameOrAny));
}

/** The pattern of a line in CODEOWNERS. */
export function pathPattern(text: string): PathPattern {
  const isFolder = text.endsWith('/');
  const trimmed = text.replace(/^\/+|\/+$/g, '');
  const isTied = text.startsWith('/') || trimmed.includes('/');
  const names = trimmed.split('/').map(nameOrAny);
  const below: Names = isFolder
    ? [['*'], anyNames]
    : isFlat(trimmed)
      ? []
      : names.at(-1) === anyNames
        ? []
        : [anyNames];
  // `docs/**` is what docs holds, not docs itself.
  const inside: Names =
    names.length > 1 && names.at(-1) === anyNames ? [...names.slice(0, -1), ['*'], anyNames] : names;
  const whole: Names = [...(isTied ? [] : [anyNames]), ...inside, ...below];
  if (trimmed === '') return { matches: () => false };
  return { matches: (path) => fitsNames(path, whole) };
}

type Names = readonly (readonly string[] | typeof anyNames)[];

function nameOrAny(name: string): Names[number] {
  return name === anyNames ? anyNames : [...name];
}

function fitsNames(path: string, pattern: Names): boolean {
  return wildcard({
    pattern,
    items: path.split('/'),
    isAny: (part) => part === anyNames,
    fits: (part, name) => nameFits(part as readonly string[], name),
  });
}

/** `docs/*`, but not `*` alone, which is everything. */
function isFlat(pattern: string): boolean {
  return pattern.endsWith('/*');
}

function nameFits(pattern: readonly string[], name: string): boolean {
  return wildcard({
    pattern: unescaped(pattern),
    items: [...name],
    isAny: (part) => part === any,
    fits: (part, character) => part === one || part === character,
  });
}

const any = Symbol('*');
const one = Symbol('?');

function unescaped(characters: readonly string[]): readonly (string | symbol)[] {
  const parts: (string | symbol)[] = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!;
    if (character === '\\' && at + 1 < characters.length) parts.push(characters[++at]!);
    else parts.push(character === '*' ? any : character === '?' ? one : character);
  }
  return parts;
}

/** Whether all items fit a pattern in which some parts stand for any number of items. One mark to go back to suffices. */
function wildcard<Part, Item>(given: {
  readonly pattern: readonly Part[];
  readonly items: readonly Item[];
  readonly isAny: (part: Part) => boolean;
  readonly fits: (part: Part, item: Item) => boolean;
}): boolean {
  const { pattern, items, isAny, fits } = given;
  let [part, item, mark, resume] = [0, 0, -1, 0];
  while (item < items.length) {
    if (part < pattern.length && isAny(pattern[part]!)) {
      [mark, resume] = [part, item];
      part += 1;
    } else if (part < pattern.length && fits(pattern[part]!, items[item]!)) {
      part += 1;
      item += 1;
    } else if (mark >= 0) {
      resume += 1;
      [part, item] = [mark + 1, resume];
    } else return false;
  }
  while (part < pattern.length && isAny(pattern[part]!)) part += 1;
  return part === pattern.length;
}
