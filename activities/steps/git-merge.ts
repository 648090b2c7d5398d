import { gitMerge, type GitMergeWith } from '../../src/runbooks/kinds/git-merge';
import { inRepository } from './git-session';
import { StepFailed, type StepAnswer } from './outcomes';
import { stepKind, type StepContext } from './step-kind';

export const runGitMerge = stepKind<GitMergeWith>(gitMerge, merge, (context) => merge(context, 'dry run'));

function merge(context: StepContext<GitMergeWith>, how?: 'dry run'): Promise<StepAnswer> {
  return inRepository(context, async (repository): Promise<StepAnswer> => {
    const { from, into, message = `Merge ${from} into ${into}` } = context.given;
    // Where two branches parted may lie far back, so all of both is fetched.
    const theirs = await repository.fetch(from, { whole: true });
    const result = await repository.push({
      branch: into,
      message,
      key: context.idempotencyKey,
      whole: true,
      ...(how && { how }),
      change: async (tip) => {
        if (await repository.isAncestor(theirs, tip)) return undefined;
        const merged = await repository.mergeOf(tip, theirs);
        if ('tree' in merged) return { tree: merged.tree, parents: [tip, theirs] };
        throw new StepFailed(
          `${from} cannot be merged into ${into}, because both changed ${merged.conflicts.slice(0, 10).join(', ')}; merge them by hand.`,
        );
      },
    });
    if (how && result.made) return { tells: {}, summary: `${from} would be merged into ${into}` };
    const summary = result.made ? `merged as ${result.commit.slice(0, 8)}` : `${into} has it already`;
    return { tells: { commit: result.commit, made: result.made }, summary };
  });
}
