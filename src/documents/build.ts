import { isAlias, isMap, isScalar, isSeq, type Document, type Node, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';
import type { z } from 'zod';
import { alternatives, below, takesText, takesTyped } from './shapes';
import { maxAliases, maxDepth, type Finding } from './screen';

/** Values reached through aliases: enough for every honest file, and no bomb. */
const maxAliased = 5_000;
const maxKeyLength = 1_024;

export interface Built {
  readonly value: unknown;
  readonly findings: readonly Finding[];
}

interface Walk {
  readonly document: Document;
  readonly text: string;
  readonly findings: Finding[];
  readonly open: Set<Node>;
  aliases: number;
  aliased: number;
}

/**
 * Values of a parsed document, maps without a prototype. The schema only decides how plain scalars are read: where it
 * wants text, `1.10` and `0123` stay what was typed.
 */
export function build(input: {
  readonly document: Document;
  readonly text: string;
  readonly schema: z.core.$ZodType;
}): Built {
  const { document, text, schema } = input;
  const walk: Walk = { document, text, findings: [], open: new Set(), aliases: 0, aliased: 0 };
  const value = valueOf(document.contents as Node | null, alternatives(schema), walk, { depth: 0, viaAlias: false });
  return { value, findings: walk.findings };
}

interface Place {
  readonly depth: number;
  readonly viaAlias: boolean;
}

function valueOf(node: Node | null, schemas: readonly z.core.$ZodType[], walk: Walk, place: Place): unknown {
  if (node === null) return null;
  const offset = node.range?.[0] ?? 0;
  if (place.viaAlias && ++walk.aliased > maxAliased) return fail(walk, offset, 'aliases make this file too large');
  if (place.depth > maxDepth) return fail(walk, offset, `nested deeper than ${maxDepth} levels`, 'flatten it');
  if (isAlias(node)) return aliasValue(node, schemas, walk, place);
  if (node.tag !== undefined)
    return fail(walk, offset, `the tag ${node.tag} is not supported`, 'put the value in quotes if it starts with !');
  if (isScalar(node)) return scalarValue(node, schemas, walk);
  if (!isMap(node) && !isSeq(node)) return fail(walk, offset, 'this is neither a value, a list nor a map');
  walk.open.add(node);
  const value = isMap(node) ? mapValue(node, schemas, walk, place) : listValue(node, schemas, walk, place);
  walk.open.delete(node);
  return value;
}

function aliasValue(
  node: Node & { readonly source: string },
  schemas: readonly z.core.$ZodType[],
  walk: Walk,
  place: Place,
): unknown {
  const offset = node.range?.[0] ?? 0;
  if (++walk.aliases > maxAliases) {
    if (walk.aliases === maxAliases + 1)
      fail(walk, offset, `more than ${maxAliases} aliases in one file`, 'write the values out');
    return undefined;
  }
  const target = (node as unknown as { resolve(document: Document): Node | undefined }).resolve(walk.document);
  if (!target)
    return fail(
      walk,
      offset,
      `*${node.source} names no anchor`,
      `if it is a text, write it in quotes: "*${node.source}"`,
    );
  if (walk.open.has(target)) return fail(walk, offset, `*${node.source} contains itself`);
  return valueOf(target, schemas, walk, { depth: place.depth + 1, viaAlias: true });
}

function scalarValue(
  node: Node & { readonly value: unknown; readonly type?: string; readonly source?: string },
  schemas: readonly z.core.$ZodType[],
  walk: Walk,
): unknown {
  const { value, source = '' } = node;
  if (isUnclosed(node, walk.text))
    return fail(walk, node.range?.[0] ?? 0, 'the quotes that open here are never closed', 'close them');
  if (typeof value === 'string' && isBroken(value)) return fail(walk, node.range?.[0] ?? 0, broken, brokenHint);
  if (typeof value === 'string' || value === null) return value;
  if (takesText(schemas) && !takesTyped(schemas, value)) return source;
  if (typeof value === 'number' && (!Number.isFinite(value) || (isInteger(source) && !Number.isSafeInteger(value))))
    return fail(
      walk,
      node.range?.[0] ?? 0,
      `the number ${source} cannot be kept exactly`,
      `if it is a text, write it in quotes: "${source}"`,
    );
  return value;
}

/** Half of a pair, from an escape: no encoding holds it, so its digest would not be that of what is kept. */
function isBroken(text: string): boolean {
  return /\p{Cs}/u.test(text);
}

const broken = 'an escape in this text makes half a character';
const brokenHint = 'write the character itself';

/** The parser takes an escaped last quote for a closing one. */
function isUnclosed(node: Node & { readonly type?: string }, text: string): boolean {
  const [start, end] = node.range ?? [0, 0];
  if (node.type === 'QUOTE_DOUBLE') return !/^"(?:[^"\\]|\\[^])*"$/.test(text.slice(start, end));
  return node.type === 'QUOTE_SINGLE' && !/^'(?:[^']|'')*'$/.test(text.slice(start, end));
}

function isInteger(source: string): boolean {
  return /^[-+]?(\d+|0x[0-9a-f]+|0o[0-7]+)$/i.test(source);
}

function listValue(node: YAMLSeq, schemas: readonly z.core.$ZodType[], walk: Walk, place: Place): unknown {
  return node.items.map((item, index) =>
    valueOf(item as Node | null, below(schemas, index), walk, { ...place, depth: place.depth + 1 }),
  );
}

function mapValue(node: YAMLMap, schemas: readonly z.core.$ZodType[], walk: Walk, place: Place): unknown {
  const map: Record<string, unknown> = Object.create(null);
  for (const pair of node.items) {
    const key = keyOf(pair, walk, node);
    if (key === undefined) continue;
    if (Object.hasOwn(map, key)) {
      fail(walk, (pair.key as Node).range?.[0] ?? 0, `the key "${key}" stands here twice`, 'keep one of them');
      continue;
    }
    map[key] = valueOf(pair.value as Node | null, below(schemas, key), walk, { ...place, depth: place.depth + 1 });
  }
  return map;
}

function keyOf(pair: Pair, walk: Walk, map: YAMLMap): string | undefined {
  const node = pair.key as Node | null;
  const offset = node?.range?.[0] ?? map.range?.[0] ?? 0;
  if (!isScalar(node) || typeof node.value !== 'string' || node.tag !== undefined || node.value === '~')
    return fail(walk, offset, 'a key has to be plain text');
  const key = node.value;
  if (key === '<<') return fail(walk, offset, 'merge keys (<<) are not supported', 'write the keys out');
  if (key.length > maxKeyLength) return fail(walk, offset, `a key has more than ${maxKeyLength} characters`);
  if (isBroken(key)) return fail(walk, offset, broken, brokenHint);
  if (key === 'prototype' || key in Object.prototype)
    return fail(walk, offset, `the key "${key}" is reserved`, 'choose another name');
  if (key === '' || key !== key.normalize('NFC') || /[\p{Cf}\p{Zl}\p{Zp}]/u.test(key))
    return fail(walk, offset, `the key ${JSON.stringify(key)} has characters that cannot be seen`, 'type it again');
  return key;
}

function fail(walk: Walk, offset: number, message: string, hint?: string): undefined {
  walk.findings.push({ offset, message, hint });
  return undefined;
}
