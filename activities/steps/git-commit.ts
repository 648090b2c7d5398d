import { gitCommit, type GitCommitWith } from '../../src/runbooks/kinds/git-commit';
import { inRepository, type Repository, type TreeFile } from './git-session';
import type { StepAnswer } from './outcomes';
import { stepKind, type StepContext } from './step-kind';

export const runGitCommit = stepKind<GitCommitWith>(gitCommit, commit, (context) => commit(context, 'dry run'));

function commit(context: StepContext<GitCommitWith>, how?: 'dry run'): Promise<StepAnswer> {
  return inRepository(context, async (repository): Promise<StepAnswer> => {
    const { branch, message, files } = context.given;
    const result = await repository.push({
      branch,
      message,
      key: context.idempotencyKey,
      ...(how && { how }),
      change: async (tip) => {
        const changed = new Map<string, TreeFile | undefined>();
        for (const file of files) {
          const there = changed.has(file.path) ? changed.get(file.path) : await repository.fileAt(tip, file.path);
          changed.set(file.path, await contentOf(repository, { file, there }));
        }
        const tree = await repository.treeWith(tip, changed);
        return tree === (await repository.treeOf(tip)) ? undefined : { tree, parents: [tip] };
      },
    });
    if (how && result.made)
      return { tells: {}, summary: `would commit to ${branch}`, detail: files.map(({ path }) => path).slice(0, 20) };
    const summary = result.made ? `committed ${result.commit.slice(0, 8)}` : `${branch} has it already`;
    return { tells: { commit: result.commit, made: result.made }, summary };
  });
}

async function contentOf(
  repository: Repository,
  asked: { readonly file: GitCommitWith['files'][number]; readonly there: TreeFile | undefined },
): Promise<TreeFile | undefined> {
  const { file, there } = asked;
  if (file.remove) return undefined;
  const mode = there?.mode ?? '100644';
  if (file.content !== undefined) return { mode, blob: await repository.write(file.content) };
  const before = there ? (await repository.read(there.blob)).toString('utf8') : '';
  const start = before === '' || before.endsWith('\n') ? before : `${before}\n`;
  const end = file.append!.endsWith('\n') ? file.append! : `${file.append}\n`;
  return { mode, blob: await repository.write(start + end) };
}
