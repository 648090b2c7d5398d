import type { InputBlock } from '@slack/types';
import type { Json } from '../json';
import { inputProblem, wanted, type DeclaredInputs, type KnownNames } from '../runbooks/inputs';
import type { RunbookInput } from '../runbooks/schema';
import { choice, numberInput, oneOf, textInput } from './inputs';
import { counted } from './text';

/** Slack takes 100 blocks in a modal, and a form has more than its inputs. */
const mostFields = 80;
/** Slack's bound for what is typed into one field. */
const textMost = 3_000;

/** Block id of the field of an input, and the key of its answer. */
export function fieldOf(input: string): string {
  return `input.${input}`;
}

/** Inputs by the answers of a form; what is not a field of an input is left out. */
export function inputsIn(answers: { readonly [name: string]: string }): { readonly [input: string]: string } {
  const prefix = fieldOf('');
  return Object.fromEntries(
    Object.entries(answers).flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [],
    ),
  );
}

/** Inputs that a form has no room for. */
export function inputsWithoutField(inputs: DeclaredInputs): readonly string[] {
  return Object.keys(inputs).slice(mostFields);
}

/**
 * A field for each input of a runbook, of the kind that fits its type. Defaults are filled in, but for those that are
 * too long for a field: a part of one would be another value, so its field is empty, which means the default.
 */
export function runbookFields(inputs: DeclaredInputs, known: KnownNames): readonly InputBlock[] {
  return Object.entries(inputs)
    .slice(0, mostFields)
    .map(([name, spec]) => field(name, spec, known));
}

function field(name: string, spec: RunbookInput, known: KnownNames): InputBlock {
  const given = initialOf(spec);
  const fits = given === undefined || given.length <= textMost;
  const initial = fits ? given : undefined;
  const common = {
    name: fieldOf(name),
    label: name,
    optional: spec.default !== undefined,
    hint: fits ? hintOf(spec) : `Empty means the default of ${sizeOf(spec, given)}. ${hintOf(spec)}`,
    ...(initial === undefined ? {} : { initial }),
  };
  switch (spec.type) {
    case 'boolean':
      return oneOf({ ...common, options: ['true', 'false'] });
    case 'choice':
      return choice({ ...common, options: spec.options });
    case 'service':
      return choice({ ...common, options: known.services ?? [] });
    case 'environment':
      return choice({ ...common, options: known.environments ?? [] });
    case 'integer':
      return numberInput({ ...common, min: spec.min, max: spec.max });
    case 'secret':
      return choice({ ...common, options: Object.keys(spec.options) });
    case 'list':
    case 'hosts':
      return textInput({ ...common, multiline: true, max: textMost });
    default:
      return textInput({ ...common, multiline: takesLines(spec), max: textMost });
  }
}

/** Texts of several lines and more than 150 characters: letters, capitals, digits and a mixture, as patterns allow them. */
const severalLines = [
  'abcdefghijklmnopqrst',
  'ABCDEFGHIJKLMNOPQRST',
  '12345678901234567890',
  '//A1 EXEC PGM=b,C=-_',
].map((line) => Array<string>(8).fill(line).join('\n'));

/** Whether somebody may want to type several lines: the pattern lets them, or there is none. */
function takesLines(spec: RunbookInput): boolean {
  if (spec.type !== 'string') return false;
  return spec.default?.includes('\n') === true || severalLines.some((text) => inputProblem(spec, text) === undefined);
}

function sizeOf({ default: value }: RunbookInput, text: string): string {
  return Array.isArray(value) ? `${value.length} entries` : counted(text.length, 'character');
}

/** What it is for, and what may stand there. */
function hintOf(spec: RunbookInput): string {
  const words = spec.type === 'list' || spec.type === 'hosts' ? 'one entry a line, or with commas' : wanted(spec);
  const what = `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
  return spec.help === undefined ? what : `${spec.help.replace(/[.\s]*$/, '')}. ${what}`;
}

function initialOf({ default: given }: RunbookInput): string | undefined {
  if (given === undefined || given === '') return undefined;
  return Array.isArray(given) ? (given as readonly Json[]).map(String).join('\n') : String(given);
}
