import type { z } from 'zod';

/**
 * What a schema allows at a place, seen from outside: unwrapped of optional, default, union and pipe. It decides how
 * a plain scalar is read (a key that wants text takes the source text) and which keys are known there.
 */
type Schema = z.core.$ZodType;

/** Every plain schema that a value at this place may match. */
export function alternatives(schema: Schema): readonly Schema[] {
  const def = (schema as z.core.$ZodTypes)._zod.def;
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'readonly':
    case 'catch':
    case 'nonoptional':
      return alternatives(def.innerType);
    case 'lazy':
      return alternatives(def.getter());
    case 'pipe':
      return alternatives(def.in);
    case 'union':
      return def.options.flatMap((option) => alternatives(option));
    case 'intersection':
      return [...alternatives(def.left), ...alternatives(def.right)];
    default:
      return [schema];
  }
}

/** Alternatives one step further in: under a key of a map, or at an index of a list. */
export function below(schemas: readonly Schema[], key: string | number): readonly Schema[] {
  return schemas.flatMap((schema) => {
    const def = (schema as z.core.$ZodTypes)._zod.def;
    if (typeof key === 'number') {
      if (def.type === 'array') return alternatives(def.element);
      if (def.type === 'tuple') return alternatives(def.items[key] ?? def.rest ?? def.items[0]!);
      return [];
    }
    if (def.type === 'record') return alternatives(def.valueType);
    if (def.type !== 'object') return [];
    if (Object.hasOwn(def.shape, key)) return alternatives(def.shape[key]!);
    return def.catchall ? alternatives(def.catchall) : [];
  });
}

/** Keys that closed and open maps at this place know. */
export function knownKeys(schemas: readonly Schema[]): readonly string[] {
  return schemas.flatMap((schema) => {
    const def = (schema as z.core.$ZodTypes)._zod.def;
    return def.type === 'object' ? Object.keys(def.shape) : [];
  });
}

/** Whether some alternative takes this value as it is typed. */
export function takesTyped(schemas: readonly Schema[], value: unknown): boolean {
  return schemas.some((schema) => {
    const def = (schema as z.core.$ZodTypes)._zod.def;
    switch (def.type) {
      case 'any':
      case 'unknown':
      case 'custom':
      case 'transform':
        return true;
      case 'number':
        return typeof value === 'number';
      case 'boolean':
        return typeof value === 'boolean';
      case 'null':
        return value === null;
      case 'literal':
        return def.values.includes(value as never);
      default:
        return false;
    }
  });
}

/** Whether some alternative is text, so that `1.10` and `0123` stay what was typed. */
export function takesText(schemas: readonly Schema[]): boolean {
  return schemas.some((schema) => {
    const def = (schema as z.core.$ZodTypes)._zod.def;
    if (def.type === 'literal') return def.values.some((value) => typeof value === 'string');
    return def.type === 'string' || def.type === 'enum' || def.type === 'template_literal';
  });
}
