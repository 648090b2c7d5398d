/**
 * Says why a path may not be asked for over a connection; undefined when it may. `prefixes` hold for whole segments:
 * `/services` covers `/services/x` and not `/servicesx`.
 */
export function pathProblem(path: string, prefixes: readonly string[] | undefined): string | undefined {
  if (!/^\/[\x21-\x7e]*$/.test(path)) return 'it does not start with / or has characters that have to be encoded';
  if (path.startsWith('//') || path.includes('\\') || path.includes('#')) return 'it has //, \\ or # in it';
  const bare = path.split('?')[0]!;
  const decoded = fullyDecoded(bare);
  if (decoded === undefined) return 'it is encoded in a way that cannot be read';
  if (/[\u0000-\u001f\u007f\\]/.test(decoded)) return 'it hides a control character or a backslash';
  if (decoded.split('/').some((segment) => /^\.{1,2}(;.*)?$/.test(segment)))
    return 'it climbs with a . or .. of its own';
  if (prefixes && !prefixes.some((prefix) => isBelow(bare, prefix)))
    return `${bare} is not below ${prefixes.join(' or ')}`;
  return undefined;
}

function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
}

/** Decoded until nothing changes, as servers and proxies in a row might do. */
function fullyDecoded(path: string): string | undefined {
  let current = path;
  for (let round = 0; round < 4; round += 1) {
    try {
      const next = decodeURIComponent(current);
      if (next === current) return current;
      current = next;
    } catch {
      // A lone % after decoding is a character like any other; in what was sent it is a fault.
      return round === 0 ? undefined : current;
    }
  }
  return undefined;
}
