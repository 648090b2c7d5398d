/** Folders of the policy repository whose YAML Signalbox itself reads (DESIGN section 5). */
export const policyFolders = [
  'configs',
  'services',
  'schemas',
  'infrastructure',
  'deployments',
  'runbooks',
  'actions',
  'oncall',
  'connections',
  'policy_tests',
] as const;

/** Documents at the root. */
export const policyFiles = ['policy.yaml', 'people.yaml'] as const;

/** Whether a path is a document that Signalbox reads as policy; everything else belongs to the tools. */
export function isPolicyDocument(path: string): boolean {
  if ((policyFiles as readonly string[]).includes(path)) return true;
  const [folder = '', ...rest] = path.split('/');
  return rest.length > 0 && (policyFolders as readonly string[]).includes(folder) && /\.(?:ya?ml|json)$/i.test(path);
}

/**
 * Whether a path is governed: read at `POLICY_REF` only, never promoted, and gated when `policy_changes: gated`. That
 * is everything except `configs/<environment>/` and `infrastructure/`. With `environments`, a folder under `configs/`
 * that is none of theirs is governed too; without it, only `configs/services/` is.
 */
export function isGoverned(path: string, environments?: readonly string[]): boolean {
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return true;
  const [top, folder, ...rest] = parts;
  if (top === 'infrastructure' && folder !== undefined) return false;
  if (top !== 'configs' || folder === undefined || rest.length === 0 || folder === 'services') return true;
  return environments !== undefined && !environments.includes(folder);
}
