import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Json, JsonObject } from '../../src/json';
import { StepFailed } from './outcomes';

type Values = { readonly [name: string]: string | number | boolean };

const maxObjects = 1_000;

/**
 * The objects of all manifests below a folder, with values in the place of `${NAME}` in their texts. Names that have
 * no value stay as they are, since scripts in manifests have such, too; a value that nothing asks for is refused.
 */
export async function manifestsIn(path: string, folder: string, values: Values): Promise<readonly JsonObject[]> {
  const files = (await readdir(path, { recursive: true })).filter((name) => /\.(?:ya?ml|json)$/.test(name)).sort();
  const objects: JsonObject[] = [];
  for (const file of files) objects.push(...objectsIn(`${folder}/${file}`, await readFile(join(path, file), 'utf8')));
  if (objects.length === 0) throw new StepFailed(`${folder} has no manifests, and doing nothing is no success.`);
  if (objects.length > maxObjects)
    throw new StepFailed(`${folder} has ${objects.length} objects, and one step takes at most ${maxObjects}.`);
  const used = new Set<string>();
  const filled = objects.map((object) => fill(object, values, used) as JsonObject);
  const idle = Object.keys(values).filter((name) => !used.has(name));
  if (idle.length > 0) throw new StepFailed(`No manifest in ${folder} has \${${idle[0]}}; correct "values".`);
  return filled;
}

/** As kubectl reads them: each object for itself, since it does not check what is in a list. */
export function fileOf(objects: readonly JsonObject[]): string {
  return objects.map((object) => `${JSON.stringify(object)}\n`).join('');
}

function objectsIn(file: string, text: string): readonly JsonObject[] {
  const documents = parseAllDocuments(text, {
    // As Kubernetes reads it, where 0644 is a mode; it takes no text for an instant or for a number in base 60.
    version: '1.1',
    customTags: (tags) =>
      tags.filter(
        (tag) =>
          typeof tag === 'string' || !(tag.tag.endsWith(':timestamp') || ('format' in tag && tag.format === 'TIME')),
      ),
  });
  if ('empty' in documents) return [];
  return documents.flatMap((document) => {
    const [problem] = document.errors;
    if (problem) throw new StepFailed(`${file} cannot be read: ${problem.message.split('\n')[0]!.replace(/:$/, '')}.`);
    const value = plain(file, () => document.toJS({ maxAliasCount: 100 }) as Json);
    if (value === null) return [];
    if (isObject(value)) return [value];
    throw new StepFailed(
      `${file} has a part that is no object of Kubernetes: each needs apiVersion, kind and metadata.name.`,
    );
  });
}

function plain(file: string, read: () => Json): Json {
  try {
    return JSON.parse(JSON.stringify(read() ?? null)) as Json;
  } catch {
    throw new StepFailed(`${file} cannot be read: it repeats too much of itself.`);
  }
}

function isObject(value: Json): value is JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { apiVersion, kind, metadata } = value as JsonObject;
  const { name } = (metadata ?? {}) as JsonObject;
  return [apiVersion, kind, name].every((text) => typeof text === 'string' && text !== '');
}

function fill(at: Json, values: Values, used: Set<string>): Json {
  if (Array.isArray(at)) return at.map((item: Json) => fill(item, values, used));
  if (typeof at === 'object' && at !== null)
    return Object.fromEntries(Object.entries(at).map(([key, item]) => [key, fill(item, values, used)]));
  if (typeof at !== 'string') return at;
  const valueOf = (name: string): string | number | boolean | undefined => {
    if (!Object.hasOwn(values, name)) return undefined;
    used.add(name);
    return values[name];
  };
  const [, alone] = /^\$\{([A-Za-z_]\w*)\}$/.exec(at) ?? [];
  if (alone !== undefined) return valueOf(alone) ?? at;
  return at.replace(/\$\{([A-Za-z_]\w*)\}/g, (whole, name: string) => String(valueOf(name) ?? whole));
}
