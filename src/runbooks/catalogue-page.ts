import { z } from 'zod';
import { formatDuration } from './duration';
import { stepKinds, type StepKindSpec } from './step-kinds';

export const CATALOGUE_START = '<!-- step kinds: made by `npm run generate` from src/runbooks/step-kinds.ts -->';
export const CATALOGUE_END = '<!-- end of step kinds -->';

/** The catalogue of step kinds as Markdown, markers included. */
export function cataloguePage(): string {
  return [CATALOGUE_START, ...stepKinds.map(section), CATALOGUE_END].join('\n\n');
}

/** The document with its catalogue brought up to date; unchanged when it has no markers. */
export function withCatalogue(document: string): string {
  const [start, end] = [document.indexOf(CATALOGUE_START), document.indexOf(CATALOGUE_END)];
  if (start < 0 || end < start) return document;
  return document.slice(0, start) + cataloguePage() + document.slice(end + CATALOGUE_END.length);
}

interface KeySchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly KeySchema[];
  readonly items?: KeySchema;
  readonly additionalProperties?: KeySchema | boolean;
  readonly default?: unknown;
}

/** As it stands in YAML on one line. */
function asWritten(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function section(kind: StepKindSpec): string {
  const schema = z.toJSONSchema(kind.with, { io: 'input', unrepresentable: 'any' }) as {
    readonly properties?: { readonly [key: string]: KeySchema };
    readonly required?: readonly string[];
  };
  const rows = Object.entries(schema.properties ?? {}).map(([key, value]) => {
    const otherwise = value.default === undefined ? 'no' : `no, \`${asWritten(value.default)}\``;
    const needed = schema.required?.includes(key) ? 'yes' : otherwise;
    const what = kind.expressions?.includes(key) ? 'a CEL condition' : wordsOf(value);
    return `| \`${key}\` | ${what} | ${needed} |`;
  });
  const tells = kind.tells.map((name) => `\`${name}\``).join(', ');
  const limit = `One attempt may take ${formatDuration(kind.timeoutMs)} unless the step has a \`timeout\`.`;
  return [
    `### \`${kind.name}\``,
    `${kind.doc} ${limit}${tells ? ` Its own expressions may also use: ${tells}.` : ''}`,
    ...(kind.check === undefined ? [] : [`In a dry run: ${kind.check}`]),
    ['| `with` | what | needed |', '| --- | --- | --- |', ...rows].join('\n'),
  ].join('\n\n');
}

/** `text`, `list: whole number`, `map: name to text or number`: what may stand there. */
function wordsOf(schema: KeySchema): string {
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.anyOf) return [...new Set(schema.anyOf.map(wordsOf))].join(' or ');
  const types = [schema.type ?? []].flat();
  return types.map((type) => typeWords(type, schema)).join(' or ') || 'any value';
}

function typeWords(type: string, { items, additionalProperties: values }: KeySchema): string {
  switch (type) {
    case 'string':
      return 'text';
    case 'integer':
      return 'whole number';
    case 'boolean':
      return 'true or false';
    case 'array':
      return `list: ${items ? wordsOf(items) : 'anything'}`;
    case 'object':
      return typeof values === 'object' ? `map: name to ${wordsOf(values)}` : 'map';
    default:
      return type;
  }
}
