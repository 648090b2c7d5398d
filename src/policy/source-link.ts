/** `https://git.example/policy/blob/{commit}/{file}#L{line}`: the address of a line of a file at a commit. */
export type LinkTemplate = string;

/**
 * How a Git host shows a file at a commit, from the address that the repository is cloned from; GitHub, GitLab,
 * Gitea, Forgejo and Bitbucket by the name of their host. Undefined for folders and for hosts that nobody can tell.
 */
export function linkTemplateOf(repository: string): LinkTemplate | undefined {
  const place = webPlaceOf(repository);
  if (!place) return undefined;
  const { host, path } = place;
  const base = `https://${host}/${path}`;
  const words = host.replace(/:\d+$/, '').toLowerCase().split(/[.-]/);
  const isHost = (...names: readonly string[]): boolean => names.some((name) => words.includes(name));
  if (isHost('github')) return `${base}/blob/{commit}/{file}#L{line}`;
  if (isHost('gitlab')) return `${base}/-/blob/{commit}/{file}#L{line}`;
  if (host.toLowerCase() === 'bitbucket.org') return `${base}/src/{commit}/{file}#lines-{line}`;
  if (isHost('gitea', 'forgejo', 'codeberg')) return `${base}/src/commit/{commit}/{file}#L{line}`;
  return undefined;
}

/** The address of `policy.yaml:12`, or of the whole file without a line. Undefined without a template or a commit. */
export function linkTo(
  template: LinkTemplate | undefined,
  { commit, place }: { readonly commit?: string; readonly place: string },
): string | undefined {
  if (!template || !commit) return undefined;
  const [, file = place, line = '1'] = /^(.*):(\d+)$/.exec(place) ?? [];
  const values: { readonly [name: string]: string } = {
    commit: encodeURIComponent(commit),
    file: file.split('/').map(encodeURIComponent).join('/'),
    line,
  };
  return template.replace(/\{(commit|file|line)\}/g, (_, name: string) => values[name]!);
}

/** Host and path on the web of an https or ssh address; credentials and `.git` are left out. */
function webPlaceOf(repository: string): { readonly host: string; readonly path: string } | undefined {
  const [, web, webPath] = /^https?:\/\/(?:[^@/]*@)?([^/@\s]+)\/(\S+)$/i.exec(repository) ?? [];
  const [, ssh, sshPath] = /^(?:ssh|git\+ssh):\/\/(?:[^@/]*@)?([^/:@\s]+)(?::\d+)?\/(\S+)$/i.exec(repository) ?? [];
  const [, short, shortPath] = /^(?:[\w.-]+@)([\w.-]+):(?!\/\/)(\S+)$/.exec(repository) ?? [];
  const host = web ?? ssh ?? short;
  const path = (webPath ?? sshPath ?? shortPath)?.replace(/^\/+|\/+$/g, '').replace(/\.git$/, '');
  return host && path ? { host, path } : undefined;
}
