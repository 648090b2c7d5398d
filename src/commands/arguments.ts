import type { Flag, Subcommand } from './registry';
import { cleanName, isInputName } from './names';
import { nearest } from './suggest';
import { excerpt, quote, type Word } from './words';

/** A reading that cannot go on. Thrown inside the grammar only; `parseCommand` turns it into its answer. */
export class Misread extends Error {
  constructor(
    readonly problem: string,
    readonly didYouMean?: string,
  ) {
    super(problem);
  }
}

/** The words of a subcommand with its flags taken out, wherever they stood. */
export interface Arguments {
  readonly words: readonly Word[];
  readonly flags: ReadonlyMap<string, readonly Word[]>;
}

// Phones turn `--` into one long dash.
const dashes = /^(?:--+|[\u2010-\u2015\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d]+-*)(?=[A-Za-z])/;
const shortFlag = /^-[A-Za-z]/;

/** Whether a word is meant as a flag: `--reason`, `—reason`, `-r`; a quoted word and a lone dash are not. */
export function isFlag(word: Word): boolean {
  if (word.quoted) return false;
  const text = cleanName(word.text);
  return dashes.test(text) || shortFlag.test(text);
}

/** Takes the flags out. Throws `Misread` for an unknown flag, a missing value or a repeated one. */
export function takeFlags(words: readonly Word[], subcommand: Subcommand): Arguments {
  const rest: Word[] = [];
  const flags = new Map<string, Word[]>();
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]!;
    if (!isFlag(word)) {
      rest.push(word);
      continue;
    }
    const named = flagOf(word, subcommand);
    if (named.flag.value === undefined) {
      if (named.value !== undefined) throw new Misread(`--${named.flag.name} takes no value; write it by itself.`);
      flags.set(named.flag.name, [word]);
      continue;
    }
    const value = named.value ?? words[at + 1];
    if (named.value === undefined) at += 1;
    if (value === undefined || (named.value === undefined && isFlag(value)))
      throw new Misread(`--${named.flag.name} needs a value: --${named.flag.name} ${named.flag.value}.`);
    flags.set(named.flag.name, [...(flags.get(named.flag.name) ?? []), value]);
  }
  for (const [name, values] of flags)
    if (values.length > 1 && name !== 'label')
      throw new Misread(
        `--${name} is given ${values.length} times; give it once, so that it is clear which one counts.`,
      );
  return { words: rest, flags };
}

function flagOf(word: Word, subcommand: Subcommand): { readonly flag: Flag; readonly value?: Word } {
  const typed = cleanName(word.text);
  const name = typed.replace(dashes, '').replace(/^-/, '').split('=')[0]!.toLowerCase();
  const flag = subcommand.flags.find((each) => each.name === name);
  if (flag === undefined) {
    const meant = nearest(
      name,
      subcommand.flags.map((each) => each.name),
    );
    const all = subcommand.flags.map((each) => `--${each.name}`).join(', ');
    throw new Misread(
      `There is no flag --${excerpt(name)} here; ${all === '' ? 'this command takes none' : `there are ${all}`}.`,
      meant === undefined ? undefined : `--${meant}`,
    );
  }
  return word.equals === undefined ? { flag } : { flag, value: valueBehind(word) };
}

function valueBehind(word: Word): Word {
  const cut = word.equals! + 1;
  return { ...word, text: word.text.slice(cut), prose: word.prose.slice(word.prose.indexOf('=') + 1), quoted: true };
}

/** `name=value` words as inputs, the others in their order. */
export function takeInputs(words: readonly Word[]): {
  readonly positional: readonly string[];
  readonly inputs: { readonly [name: string]: string };
} {
  const positional: string[] = [];
  const inputs = new Map<string, string>();
  for (const word of words) {
    const name = word.equals === undefined || word.quoted ? undefined : cleanName(word.text.slice(0, word.equals));
    if (name === undefined || !isInputName(name)) {
      positional.push(word.text);
      continue;
    }
    if (inputs.has(name)) throw new Misread(`The input ${name} is given twice; give it once.`);
    inputs.set(name, word.text.slice(word.equals! + 1));
  }
  return { positional, inputs: Object.fromEntries(inputs) };
}

/** `to production`, `in production`: takes keyword and name out, wherever they stand. */
export function takePair(
  words: readonly Word[],
  keywords: readonly string[],
): { readonly value?: Word; readonly rest: readonly Word[] } {
  const at = words.findIndex((word) => !word.quoted && keywords.includes(cleanName(word.text).toLowerCase()));
  if (at < 0) return { rest: words };
  const value = words[at + 1];
  if (value === undefined) throw new Misread(`"${words[at]!.text}" needs a name behind it.`);
  return { value, rest: [...words.slice(0, at), ...words.slice(at + 2)] };
}

/** Refuses words that nothing has a place for; after a reason without quotes it says how to write it. */
export function nothingElse(left: readonly Word[], flags: Arguments['flags']): void {
  if (left.length === 0) return;
  const words = left.map((word) => word.prose).join(' ');
  const reason = flags.get('reason')?.[0];
  if (reason !== undefined && !reason.quoted)
    throw new Misread(
      `There is no place for "${excerpt(words)}"; a reason of several words goes in quotes.`,
      `--reason ${quote(`${reason.prose} ${words}`)}`,
    );
  throw new Misread(`There is no place for "${excerpt(words)}".`);
}
