import {
  CelScalar,
  celError,
  celMethod,
  isCelError,
  isCelList,
  isCelMap,
  type CelFunc,
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
    const inner = own(func, meter);
    // Asking once which overload fits is what a call costs most, so the function stays itself but for `call`.
    const call: CelFunc['call'] = (id, target, args) => {
      try {
        if (func.name === 'matches') meter().spendText(costOfMatching(String(target), String(args[0])));
        const result = inner.call(id, target, args);
        // Paid afterwards: one call does no more than what is linear in values that were paid for or given.
        if (result !== undefined && !isCelError(result)) spendAll({ func, target, args, result, meter: meter() });
        return result;
      } catch (error) {
        return celError(error, id);
      }
    };
    return Object.create(inner, { call: { value: call } }) as CelFunc;
  });
}

function spendAll(done: {
  readonly func: CelFunc;
  readonly target: CelValue | undefined;
  readonly args: readonly CelValue[];
  readonly result: CelValue;
  readonly meter: Meter;
}): void {
  const { func, target, args, result, meter } = done;
  if (target !== undefined) spend(target, func.name, meter);
  for (const value of args) spend(value, func.name, meter);
  if (func.name === 'split' && isCelList(result)) meter.spendEntries(result.size);
  else if (typeof result === 'string' || result instanceof Uint8Array) meter.spendText(result.length);
}

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

/** Ours, for what the engine does one character, or one whole text, at a time. */
function own(func: CelFunc, meter: () => Meter): CelFunc {
  const { name, target, arguments: args, result } = func;
  const run = name === 'replace' ? replacing(meter) : caseOf[name];
  if (run === undefined || target === undefined) return func;
  return celMethod(name, target, args, result, function (this: unknown, ...given: unknown[]) {
    return run(this as string, given as CelValue[]);
  });
}

type Run = (text: string, args: readonly CelValue[]) => string;
const caseOf: { readonly [name: string]: Run | undefined } = {
  lowerAscii: (text) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()),
  upperAscii: (text) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase()),
};

/** The engine's own `replace` builds the whole text anew for every hit. */
function replacing(meter: () => Meter): Run {
  return (text, [from, to, limit]) => {
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
