/** What stands at a path of a value; undefined where the path leads nowhere. Only own keys count. */
export function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((at, key) => {
    if (typeof at !== 'object' || at === null) return undefined;
    return Object.hasOwn(at, key) ? (at as Record<string | number, unknown>)[key] : undefined;
  }, value);
}
