/** `https://git.example/policy/blob/{commit}/{file}#L{line}`: the address of a line of a file at a commit. */
export type LinkTemplate = string;

/**
 * How a Git host shows a file at a commit, from the address that the repository is cloned from; GitHub, GitLab,
 * Gitea, Forgejo and Bitbucket by the name of their host. Undefined for folders and for hosts that nobody can tell.
 */
export function linkTemplateOf(repository: string): LinkTemplate | undefined {
  const place = webPlaceOf(repository);
  switch (place?.kind) {
    case 'github':
      return `${place.base}/blob/{commit}/{file}#L{line}`;
    case 'gitlab':
      return `${place.base}/-/blob/{commit}/{file}#L{line}`;
    case 'bitbucket':
      return `${place.base}/src/{commit}/{file}#lines-{line}`;
    case 'gitea':
      return `${place.base}/src/commit/{commit}/{file}#L{line}`;
    case undefined:
      return undefined;
  }
}

/** The page of a Git host that shows what lies between two commits; undefined where nobody can tell its address. */
export function compareLinkOf(
  repository: string,
  { from, to }: { readonly from: string; readonly to: string },
): string | undefined {
  const place = webPlaceOf(repository);
  switch (place?.kind) {
    case 'github':
    case 'gitea':
      return `${place.base}/compare/${from}...${to}`;
    case 'gitlab':
      return `${place.base}/-/compare/${from}...${to}`;
    case 'bitbucket':
      return `${place.base}/branches/compare/${to}%0D${from}`;
    case undefined:
      return undefined;
  }
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

interface WebPlace {
  readonly base: string;
  readonly kind: 'github' | 'gitlab' | 'bitbucket' | 'gitea';
}

/** Where an https or ssh address is on the web, and by what kind of host; credentials and `.git` are left out. */
function webPlaceOf(repository: string): WebPlace | undefined {
  const [, web, webPath] = /^https?:\/\/(?:[^@/]*@)?([^/@\s]+)\/(\S+)$/i.exec(repository) ?? [];
  const [, ssh, sshPath] = /^(?:ssh|git\+ssh):\/\/(?:[^@/]*@)?([^/:@\s]+)(?::\d+)?\/(\S+)$/i.exec(repository) ?? [];
  const [, short, shortPath] = /^(?:[\w.-]+@)([\w.-]+):(?!\/\/)(\S+)$/.exec(repository) ?? [];
  const host = web ?? ssh ?? short;
  const path = (webPath ?? sshPath ?? shortPath)?.replace(/^\/+|\/+$/g, '').replace(/\.git$/, '');
  const kind = host && kindOfHost(host);
  return host && path && kind ? { base: `https://${host}/${path}`, kind } : undefined;
}

function kindOfHost(host: string): WebPlace['kind'] | undefined {
  const words = host.replace(/:\d+$/, '').toLowerCase().split(/[.-]/);
  const isHost = (...names: readonly string[]): boolean => names.some((name) => words.includes(name));
  if (isHost('github')) return 'github';
  if (isHost('gitlab')) return 'gitlab';
  if (host.toLowerCase() === 'bitbucket.org') return 'bitbucket';
  return isHost('gitea', 'forgejo', 'codeberg') ? 'gitea' : undefined;
}
