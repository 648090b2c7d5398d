import {
  CelScalar,
  celFunc,
  celMethod,
  isCelError,
  isCelList,
  isCelMap,
  type CelFunc,
  type CelInput,
  type CelValue,
} from '@bufbuild/cel';

/** Entries that one evaluation may look at: about a tenth of a second. */
const maxEntries = 100_000;
/** Characters that one evaluation may read and write. */
const maxText = 2_000_000;
/** What a call costs anyway: the entries of the list around it count that. */
const freeText = 64;
/** States of a regular expression that are as dear as one character. */
const statesPerCharacter = 8;
/** The engine refuses patterns that repeat anything more often. */
const maxRepeats = 1_000;

/** What the evaluation that runs has done so far. */
export class Meter {
  private entries = 0;
  private text = 0;

  spendEntries(count: number): void {
    this.entries += count;
    if (this.entries > maxEntries) throw new Error(`it looks at more than ${maxEntries} entries`);
  }

  spendText(length: number): void {
    this.text += Math.max(0, length - freeText);
    if (this.text > maxText) throw new Error(`it reads and writes more than ${maxText} characters of text`);
  }
}

/** Functions that hand on what they are given, whatever its size. */
const free = new Set(['dyn', 'type']);
/** Functions that look at every entry of a list or map. */
const looksThrough = new Set(['@in', '_==_', '_!=_', 'join']);
const large: ReadonlySet<string> = new Set([CelScalar.STRING, CelScalar.BYTES, CelScalar.DYN].map(({ name }) => name));

/**
 * The functions that work on texts, lists and maps, with their work counted by the meter of the evaluation that runs:
 * what would look at too much, or build too much, fails with a message instead.
 */
export function metered(funcs: Iterable<CelFunc>, meter: () => Meter): readonly CelFunc[] {
  return [...funcs].filter(isLarge).map((func) => {
    const run = own(meter)[func.name] ?? (func.call.bind(func, 0) as Run);
    const call: Run = (target, args) => {
      const given = target === undefined ? args : [target, ...args];
      if (func.name === 'matches') meter().spendText(costOfMatching(String(given[0]), String(given[1])));
      for (const value of given) spend(value, func.name, meter());
      const result = run(target, args);
      if (result === undefined || isCelError(result)) throw result ?? new Error(`${func.name} does not work with that`);
      if (func.name === 'split' && isCelList(result)) meter().spendEntries(result.size);
      else if (typeof result === 'string' || result instanceof Uint8Array) meter().spendText(result.length);
      return result;
    };
    return func.target === undefined
      ? celFunc(func.name, func.arguments, func.result, (...args: unknown[]) => call(undefined, args as CelValue[]))
      : celMethod(func.name, func.target, func.arguments, func.result, function (this: unknown, ...args: unknown[]) {
          return call(this as CelValue, args as CelValue[]);
        });
  });
}

type Run = (target: CelValue | undefined, args: CelValue[]) => CelInput;

function isLarge({ name, target, arguments: args }: CelFunc): boolean {
  const types = target === undefined ? args : [target, ...args];
  return !free.has(name) && types.some((type) => type.kind !== 'scalar' || large.has(type.name));
}

function spend(value: CelValue, name: string, meter: Meter): void {
  if (typeof value === 'string' || value instanceof Uint8Array) meter.spendText(value.length);
  else if (looksThrough.has(name) && (isCelList(value) || isCelMap(value))) meter.spendEntries(value.size);
}

/** The engine walks through every state of a pattern for every character. */
function costOfMatching(text: string, pattern: string): number {
  const repeats = [...pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].map(([, from, to]) => Number(to || from) || 1);
  const states =
    pattern.length *
    Math.min(
      maxRepeats,
      repeats.reduce((product, count) => product * count, 1),
    );
  return (text.length * states) / statesPerCharacter;
}

/** What the engine does one character, or one whole text, at a time. */
function own(meter: () => Meter): { readonly [name: string]: Run | undefined } {
  return {
    replace: replacing(meter),
    lowerAscii: (text) => String(text).replace(/[A-Z]+/g, (letters) => letters.toLowerCase()),
    upperAscii: (text) => String(text).replace(/[a-z]+/g, (letters) => letters.toUpperCase()),
  };
}

/** The engine's own `replace` builds the whole text anew for every hit. */
function replacing(meter: () => Meter): Run {
  return (target, [from, to, limit]) => {
    const text = String(target);
    const wanted = String(from);
    let left = limit === undefined ? Infinity : Number(limit);
    let result = '';
    let copied = 0;
    let at = text.indexOf(wanted);
    while (left > 0 && at !== -1) {
      result += text.slice(copied, at) + String(to);
      if (result.length > maxText) meter().spendText(result.length);
      copied = at + wanted.length;
      left -= 1;
      // An empty text stands before every character and at the end.
      at = wanted === '' && at >= text.length ? -1 : text.indexOf(wanted, wanted === '' ? at + 1 : copied);
    }
    return result + text.slice(copied);
  };
}
