import { isIP, isIPv4, isIPv6 } from 'node:net';
import { didYouMean } from '../documents/nearest';
import { compileCondition, evaluate } from '../expressions/cel';
import type { Json, JsonObject } from '../json';
import { parseDuration } from './duration';
import type { RunbookInput } from './schema';

/** The inputs that a runbook declares, in the order in which a command takes them. */
export type DeclaredInputs = { readonly [name: string]: RunbookInput };

export interface InputProblem {
  readonly input: string;
  /** A sentence that stands by itself under a form's field. */
  readonly message: string;
}

export type ValidatedInputs =
  | { readonly ok: true; readonly inputs: JsonObject }
  | { readonly ok: false; readonly problems: readonly InputProblem[] };

type Read = { readonly value: Json } | { readonly wrong: string };

/** Names that `service` and `environment` inputs may have. Without a list, any well-formed name passes. */
export interface KnownNames {
  readonly services?: readonly string[];
  readonly environments?: readonly string[];
}

const maxTextLength = 4_000;

/**
 * Holds given inputs against the declared ones. Values may be text, as forms and command lines give them, or already
 * typed. Defaults are filled in; all problems are told at once.
 */
export function validateInputs(input: {
  readonly declared: DeclaredInputs;
  readonly given: JsonObject;
  readonly known?: KnownNames;
}): ValidatedInputs {
  const { declared, given, known = {} } = input;
  const problems: InputProblem[] = [];
  const inputs: { [name: string]: Json } = {};
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(declared, name)) continue;
    const names = Object.keys(declared);
    const hint = didYouMean(name, names) ?? (names.length > 0 ? `its inputs are: ${names.join(', ')}` : 'it has none');
    problems.push({ input: name, message: `There is no input "${name}"; ${hint}.`.replace('?.', '?') });
  }
  for (const [name, spec] of Object.entries(declared)) {
    const asked = Object.hasOwn(given, name) ? given[name]! : null;
    const value = asked === null || asked === '' ? (spec.default as Json | undefined) : asked;
    if (value === undefined) {
      problems.push({ input: name, message: `"${name}" is missing: ${wanted(spec)}.` });
      continue;
    }
    const read = value === '' ? { value } : readValue(spec, value, known);
    if ('wrong' in read) problems.push({ input: name, message: `"${name}" ${read.wrong}.` });
    else inputs[name] = read.value;
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, inputs };
}

/** Why a value cannot stand for an input, as the end of a sentence that begins with its name; undefined when it can. */
export function inputProblem(spec: RunbookInput, value: Json): string | undefined {
  const read = readValue(spec, value, {});
  return 'wrong' in read ? read.wrong : undefined;
}

function readValue(spec: RunbookInput, value: Json, known: KnownNames): Read {
  switch (spec.type) {
    case 'integer':
      return readInteger(spec, value);
    case 'boolean':
      return readBoolean(value);
    case 'choice':
      return spec.options.includes(String(value))
        ? { value: String(value) }
        : { wrong: chosenFrom(spec.options, value) };
    case 'list':
      return readList(spec, value, known);
    case 'percent':
      return readPercent(value);
    case 'hosts':
      return readHosts(spec, value, known);
    case 'secret': {
      const names = Object.keys(spec.options);
      return names.includes(String(value)) ? { value: String(value) } : { wrong: chosenFrom(names, value) };
    }
    case 'path':
      return readPath(spec.under, value);
    default:
      return readText(spec, value, known);
  }
}

function readInteger(spec: { readonly min?: number; readonly max?: number }, value: Json): Read {
  const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value.trim()) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isSafeInteger(number)) return { wrong: 'has to be a whole number' };
  const { min, max } = spec;
  if ((min !== undefined && number < min) || (max !== undefined && number > max))
    return { wrong: rangeWords(min, max) };
  return { value: number };
}

function rangeWords(min: number | undefined, max: number | undefined): string {
  if (min !== undefined && max !== undefined) return `has to be from ${min} to ${max}`;
  return min !== undefined ? `has to be at least ${min}` : `has to be at most ${max}`;
}

const truths: { readonly [word: string]: boolean } = {
  true: true,
  yes: true,
  on: true,
  false: false,
  no: false,
  off: false,
};

function readBoolean(value: Json): Read {
  const word = String(value).toLowerCase();
  return Object.hasOwn(truths, word) ? { value: truths[word]! } : { wrong: 'has to be true or false' };
}

function readPercent(value: Json): Read {
  const number =
    typeof value === 'string' && /^\d{1,3}(\.\d{1,6})? ?%?$/.test(value) ? Number.parseFloat(value) : value;
  if (typeof number !== 'number' || !(number >= 0 && number <= 100)) return { wrong: 'has to be from 0% to 100%' };
  return { value: number };
}

function readList(spec: Extract<RunbookInput, { type: 'list' }>, value: Json, known: KnownNames): Read {
  const items = typeof value === 'string' ? value.split(/[,\s]+/).filter((item) => item !== '') : value;
  if (!Array.isArray(items)) return { wrong: 'has to be a list; separate its entries with commas' };
  if (items.length < (spec.min ?? 1)) return { wrong: `needs at least ${spec.min ?? 1} entries` };
  if (items.length > (spec.max ?? 500)) return { wrong: `takes at most ${spec.max ?? 500} entries` };
  const read: Json[] = [];
  for (const item of items as readonly Json[]) {
    const one = readValue((spec.items ?? { type: 'string' }) as RunbookInput, item, known);
    if ('wrong' in one) return { wrong: `has the entry "${String(item).slice(0, 60)}", which ${one.wrong}` };
    read.push(one.value);
  }
  return { value: read };
}

/** A host by its name or its IPv4 address; never an option, a pattern of Ansible's, a range or two words. */
const hostName = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;

function readHosts(spec: Extract<RunbookInput, { type: 'hosts' }>, value: Json, known: KnownNames): Read {
  const { min, max } = spec;
  const read = readList({ type: 'list', items: { type: 'string' }, min, max }, value, known);
  if ('wrong' in read) return read;
  const hosts = read.value as readonly string[];
  const odd = hosts.find((host) => !hostName.test(host));
  if (odd !== undefined) return { wrong: `has the entry "${odd.slice(0, 60)}", which has to be the name of a host` };
  const twice = hosts.find((host, index) => hosts.indexOf(host) !== index);
  return twice === undefined ? read : { wrong: `names ${twice} twice` };
}

/** Parts of a path: never `.`, `..`, an option or what Git keeps for itself. */
const pathPart = /^(?!\.{1,2}$|\.git$)[A-Za-z0-9._][A-Za-z0-9._@+-]{0,254}$/i;

/** Whether a text is a plain path inside something: no `..`, no option, nothing that a tool could read as more. */
export function isPlainPath(text: string): boolean {
  return text.length <= 500 && text.split('/').every((part) => pathPart.test(part));
}

function readPath(under: string, value: Json): Read {
  const text = typeof value === 'string' ? value.trim() : '';
  const isBelow = text.startsWith(`${under}/`) && text.length > under.length + 1;
  return isBelow && isPlainPath(text)
    ? { value: text }
    : { wrong: `has to be a path below ${under}/, written with it` };
}

/** A branch, a tag or a commit as Git takes it, and nothing that a Git program could read as more than that. */
export function isGitRef(text: string): boolean {
  const isPlain = /^[A-Za-z0-9][A-Za-z0-9._/+@-]{0,199}$/.test(text) && !text.includes('..');
  return isPlain && text.split('/').every((part) => part !== '' && !/^\.|\.$|\.lock$/.test(part));
}

type TextSpec = Exclude<
  RunbookInput,
  { type: 'integer' | 'boolean' | 'choice' | 'list' | 'percent' | 'hosts' | 'secret' | 'path' }
>;

function readText(spec: TextSpec, value: Json, known: KnownNames): Read {
  if (typeof value === 'object' || typeof value === 'boolean') return { wrong: 'has to be a text' };
  const text = String(value).trim();
  if (text.length > maxTextLength) return { wrong: `is longer than ${maxTextLength} characters` };
  const names = spec.type === 'service' ? known.services : spec.type === 'environment' ? known.environments : undefined;
  if (names && !names.includes(text)) return { wrong: chosenFrom(names, text) };
  const wrong = spec.type === 'string' ? patternProblem(spec.pattern, text) : formProblem(spec.type, text);
  return wrong === undefined ? { value: text } : { wrong };
}

function chosenFrom(options: readonly string[], value: Json): string {
  const hint = didYouMean(String(value), options);
  return `has to be one of ${options.slice(0, 12).join(', ')}${hint ? `; ${hint.replace(/\?$/, '')}` : ''}`;
}

function formProblem(type: Exclude<TextSpec['type'], 'string'>, text: string): string | undefined {
  switch (type) {
    case 'ipv4':
      return isIPv4(text) ? undefined : 'has to be an IPv4 address such as 192.0.2.10';
    case 'ipv6':
      return isIPv6(text) ? undefined : 'has to be an IPv6 address such as 2001:db8::10';
    case 'cidr':
      return isCidr(text) ? undefined : 'has to be a network such as 192.0.2.0/24';
    case 'duration':
      return parseDuration(text) === undefined ? 'has to be a duration such as 30s, 10m or 2h' : undefined;
    case 'version':
      return isVersion(text) ? undefined : 'has to be a version such as v1.4.2';
    case 'git_ref':
      return isGitRef(text) ? undefined : 'has to be a branch, a tag or a commit';
    case 'connection':
      return /^[a-z][a-z0-9-]*$/.test(text) ? undefined : 'has to be the name of a connection';
    case 'service':
    case 'environment':
      return /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(text) ? undefined : `has to be the name of a ${type}`;
  }
}

/** A tag, a commit or an image digest; never an option, a path that climbs, or two words. */
export function isVersion(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._+:/@-]{0,199}$/.test(text) && !text.includes('..') && !text.includes('//');
}

function isCidr(text: string): boolean {
  const parts = /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(text);
  if (!parts) return false;
  const version = isIP(parts[1]!);
  return version !== 0 && Number(parts[2]) <= (version === 4 ? 32 : 128);
}

// Patterns run in the expression engine, whose time grows with the length of the text only, not in JavaScript's.
const matching = compileCondition({ source: 'value.matches(pattern)', names: { value: 'text', pattern: 'text' } });

function patternProblem(pattern: string | undefined, text: string): string | undefined {
  if (pattern === undefined) return undefined;
  const result = patternResult(pattern, text);
  if (!result.ok) return `cannot be checked, because its pattern ${pattern} is not one`;
  return result.value === true ? undefined : `has to match ${pattern}`;
}

function patternResult(pattern: string, text: string) {
  if (!matching.ok) throw new Error(matching.problems[0]?.message);
  return evaluate(matching, { value: text, pattern: `^(?:${pattern})$` });
}

/** Whether a pattern can be read; a text has to match all of it. */
export function isPattern(pattern: string): boolean {
  return patternResult(pattern, '').ok;
}

/** What a person has to give, in words: `a whole number from 1 to 5`. */
export function wanted(spec: RunbookInput): string {
  switch (spec.type) {
    case 'integer':
      return spec.min === undefined && spec.max === undefined
        ? 'a whole number'
        : `a whole number ${rangeWords(spec.min, spec.max).replace('has to be ', '')}`;
    case 'boolean':
      return 'true or false';
    case 'choice':
      return `one of ${spec.options.join(', ')}`;
    case 'list':
      return 'a list with commas';
    case 'percent':
      return 'a share such as 25%';
    case 'string':
      return spec.pattern === undefined ? 'a text' : `a text that matches ${spec.pattern}`;
    case 'duration':
      return 'a duration such as 30s';
    case 'cidr':
      return 'a network such as 192.0.2.0/24';
    case 'ipv4':
    case 'ipv6':
      return `an ${spec.type === 'ipv4' ? 'IPv4' : 'IPv6'} address`;
    case 'environment':
      return 'the name of an environment';
    case 'service':
      return 'the name of a service';
    case 'connection':
      return `a connection of the kind ${spec.kind}`;
    case 'version':
      return 'a version such as v1.4.2';
    case 'git_ref':
      return 'a branch, a tag or a commit';
    case 'hosts':
      return 'names of hosts with commas';
    case 'path':
      return `a path below ${spec.under}/`;
    case 'secret':
      return `one of ${Object.keys(spec.options).join(', ')}`;
  }
}
