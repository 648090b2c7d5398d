import { formatProblem } from '../../src/documents/read-yaml';
import { FileCache } from '../../src/documents/file-cache';
import { readInfrastructure } from '../../src/infrastructure/read';
import { infrastructurePlace } from '../../src/infrastructure/schema';
import type { Declared } from '../../src/infrastructure/declared';
import type { PolicyRepository } from '../adapters/policy-repository';

/** Reads what files declare, at the newest commit of a branch; the policy's own where none is named. Never throws. */
export interface InfrastructureSource {
  read(ask: { readonly branch?: string; readonly since?: string }): Promise<Declared>;
}

/** Commits whose authors are looked at. */
const mostCommits = 50;

/**
 * The mirror is as fresh as the policy's: whoever asks has asked for the policy first. Nothing binds by being read here,
 * so no signature and no approval of the commit is asked for.
 */
export function createInfrastructureSource({
  mirror,
  ref,
}: {
  readonly mirror: Pick<PolicyRepository, 'head' | 'resolveRef' | 'readTree' | 'log'>;
  /** How people call the branch of the policy. */
  readonly ref: string;
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
        const authors = await authorsOf(mirror, { commit, since });
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
  mirror: Pick<PolicyRepository, 'log' | 'resolveRef'>,
  { commit, since }: { readonly commit: string; readonly since?: string },
): Promise<Extract<Declared, { kind: 'read' }>['authors']> {
  const from = since === undefined ? undefined : await mirror.resolveRef(since);
  const commits = await mirror.log({ ...(from && { from }), to: commit, path: 'infrastructure', limit: mostCommits });
  const authors = new Map(
    commits.map(({ authorName: name, authorEmail: email }) => [`${name}\n${email}`, { name, email }]),
  );
  return [...authors.values()];
}

function unreadable(because: string): Declared {
  return { kind: 'unreadable', because };
}
