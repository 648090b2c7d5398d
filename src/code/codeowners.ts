import { pathPattern, type PathPattern } from './path-pattern';

/** A file with more rules is not read: looking through them would take longer than a decision may. */
const maxRules = 5_000;

interface OwnerRule {
  readonly pattern: PathPattern;
  readonly owners: readonly string[];
}

/** Where hosts of code look for the file, in their order; the first that is there counts. */
export const codeownersPlaces = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS', '.gitlab/CODEOWNERS'] as const;

/**
 * Who owns some paths, as a CODEOWNERS file says: `@user`, `@org/team` or an address, each once. The last rule that
 * fits a path counts, in every section (GitLab) by itself. Undefined for a file with too many rules.
 */
export function ownersOf(input: {
  readonly text: string;
  readonly paths: readonly string[];
}): readonly string[] | undefined {
  const sections = read(input.text);
  if (sections.reduce((sum, rules) => sum + rules.length, 0) > maxRules) return undefined;
  const owners = new Set<string>();
  for (const path of input.paths) {
    for (const rules of sections) {
      const rule = rules.findLast(({ pattern }) => pattern.matches(path));
      for (const owner of rule?.owners ?? []) owners.add(owner);
    }
  }
  return [...owners];
}

function read(text: string): readonly (readonly OwnerRule[])[] {
  const sections = new Map<string, OwnerRule[]>([['', []]]);
  let section = sections.get('')!;
  let usual: readonly string[] = [];
  for (const line of text.split(/\r?\n/)) {
    const words = wordsOf(line);
    const [first, ...rest] = words;
    if (first === undefined) continue;
    const heading = /^\^?\[([^\]]+)\](?:\[\d+\])?$/.exec(first);
    if (heading) {
      const name = heading[1]!.toLowerCase();
      section = sections.get(name) ?? [];
      sections.set(name, section);
      usual = rest.filter(isOwner);
      continue;
    }
    const owners = rest.filter(isOwner);
    section.push({ pattern: pathPattern(first), owners: rest.length === 0 ? usual : owners });
  }
  return [...sections.values()];
}

function isOwner(word: string): boolean {
  return /^@[^\s@]{1,200}$|^[^\s@]{1,200}@[^\s@]{1,200}$/.test(word);
}

/** Words of a line; `\ ` is a space inside one, and `#` begins a comment. A heading is one word. */
function wordsOf(line: string): readonly string[] {
  const heading = /^\s*(\^?\[[^\]]+\](?:\[\d+\])?)(.*)$/.exec(line);
  const rest = heading ? heading[2]! : line;
  const words = heading ? [heading[1]!] : [];
  for (const [, word = ''] of rest.matchAll(/\s*((?:\\.|[^\s\\])+)/g)) {
    if (word.startsWith('#')) break;
    words.push(word);
  }
  return words;
}
