import { formatProblem } from '../../src/documents/read-yaml';
import { FileCache } from '../../src/documents/file-cache';
import { infrastructurePlace } from '../../src/infrastructure/schema';
import type { Declared } from '../../src/infrastructure/declared';
import { readInfrastructure, type ServerGroup } from '../../src/infrastructure/read';
import type { PolicyRepository } from '../adapters/policy-repository';

/** Reads what files declare, at the newest commit of a branch; the policy's own where none is named. Never throws. */
export interface InfrastructureSource {
  read(ask: {
    readonly branch?: string;
    /** Commits by which what is there was made: authors count from the oldest on, and all of them where there is none. */
    since(groups: readonly ServerGroup[]): readonly string[];
  }): Promise<Declared>;
}

/**
 * The mirror is as fresh as the policy's: whoever asks has asked for the policy first. Nothing binds by being read here,
 * so no signature and no approval of the commit is asked for.
 */
export function createInfrastructureSource({
  mirror,
  ref,
  mostCommits = 5_000,
}: {
  readonly mirror: Pick<PolicyRepository, 'head' | 'resolveRef' | 'readTree' | 'log' | 'relation'>;
  /** How people call the branch of the policy. */
  readonly ref: string;
  /** Commits whose authors are looked at; where there are more, nobody can say who they all are. */
  readonly mostCommits?: number;
}): InfrastructureSource {
  const cache = new FileCache();
  return {
    async read({ branch = ref, since }) {
      try {
        const commit = branch === ref ? (await mirror.head())?.commit : await mirror.resolveRef(branch);
        if (commit === undefined)
          return unreadable(
            `The policy repository has no branch ${branch}, so nobody can say which servers are declared; create it, or have the owner of the policy repository change "branch" of the environment.`,
          );
        const { files, problems } = await mirror.readTree(commit, (path) => infrastructurePlace.test(path));
        const read = readInfrastructure(files, cache);
        const wrong = [...problems, ...(read.ok ? [] : read.problems.map(formatProblem))];
        if (!read.ok || wrong.length > 0)
          return unreadable(
            `What is declared on ${branch} at ${commit.slice(0, 10)} cannot be read, so nothing was compared; whoever made that commit has to mend it: ${wrong.slice(0, 3).join('; ')}.`,
          );
        const from = await oldestOf(mirror, since(read.groups));
        const authors = await authorsOf(mirror, { ...(from && { from }), to: commit, mostCommits });
        return { kind: 'read', commit, branch, groups: read.groups, sources: read.sources, authors };
      } catch {
        return unreadable(
          `The branch ${branch} of the policy repository cannot be read, so nobody can say which servers are declared; try again in a minute, and whoever runs Signalbox can look at POLICY_REPO.`,
        );
      }
    },
  };
}

async function authorsOf(
  mirror: Pick<PolicyRepository, 'log'>,
  { mostCommits, ...range }: { readonly from?: string; readonly to: string; readonly mostCommits: number },
): Promise<Extract<Declared, { kind: 'read' }>['authors']> {
  const commits = await mirror.log({ ...range, path: 'infrastructure', limit: mostCommits + 1 });
  if (commits.length > mostCommits) return 'too_many';
  const authors = new Map(
    commits.map(({ authorName: name, authorEmail: email }) => [`${name}\n${email}`, { name, email }]),
  );
  return [...authors.values()];
}

/** The one that all others follow, by Git and not by the clock; undefined where there is none, or no longer. */
async function oldestOf(
  mirror: Pick<PolicyRepository, 'resolveRef' | 'relation'>,
  commits: readonly string[],
): Promise<string | undefined> {
  let oldest: string | undefined;
  for (const each of commits) {
    const commit = await mirror.resolveRef(each);
    if (commit === undefined) return undefined;
    const relation = oldest === undefined ? 'precedes' : await mirror.relation({ from: oldest, to: commit });
    if (relation === 'unrelated') return undefined;
    if (relation === 'precedes') oldest = commit;
  }
  return oldest;
}

function unreadable(because: string): Declared {
  return { kind: 'unreadable', because };
}
