import { gitMerge, type GitMergeWith } from '../../src/runbooks/kinds/git-merge';
import { inRepository } from './git-session';
import { StepFailed } from './outcomes';
import { stepKind } from './step-kind';

export const runGitMerge = stepKind<GitMergeWith>(gitMerge, (context) =>
  inRepository(context, async (repository) => {
    const { from, into, message = `Merge ${from} into ${into}` } = context.given;
    // Where two branches parted may lie far back, so all of both is fetched.
    const theirs = await repository.fetch(from, { whole: true });
    const result = await repository.push({
      branch: into,
      message,
      key: context.idempotencyKey,
      whole: true,
      change: async (tip) => {
        if (await repository.isAncestor(theirs, tip)) return undefined;
        const merged = await repository.mergeOf(tip, theirs);
        if ('tree' in merged) return { tree: merged.tree, parents: [tip, theirs] };
        throw new StepFailed(
          `${from} cannot be merged into ${into}, because both changed ${merged.conflicts.slice(0, 10).join(', ')}; merge them by hand.`,
        );
      },
    });
    const summary = result.made ? `merged as ${result.commit.slice(0, 8)}` : `${into} has it already`;
    return { tells: { commit: result.commit, made: result.made }, summary };
  }),
);
