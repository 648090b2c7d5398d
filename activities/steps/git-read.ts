import { z } from 'zod';
import { readDocument } from '../../src/documents/read-yaml';
import type { Json } from '../../src/json';
import { gitRead, type GitReadWith } from '../../src/runbooks/kinds/git-read';
import { inRepository } from './git-session';
import { StepFailed } from './outcomes';
import { stepKind } from './step-kind';

const maxBytes = 1024 * 1024;

export const runGitRead = stepKind<GitReadWith>(gitRead, (context) =>
  inRepository(context, async (repository) => {
    const { ref, path, parse, keep } = context.given;
    const commit = await repository.fetch(ref);
    const file = await repository.fileAt(commit, path);
    if (!file) throw new StepFailed(`There is no ${path} in ${context.given.connection} at ${ref}.`);
    if ((await repository.size(file.blob)) > maxBytes)
      throw new StepFailed(`${path} has more than 1 MiB, which is the limit.`);
    const body = await repository.read(file.blob);
    const text = body.toString('utf8');
    const document = parse === undefined ? null : documentIn({ path, text, parse });
    const kept = keep ? await context.keepFile(body, path.split('/').at(-1)!) : null;
    return {
      tells: { commit, blob: file.blob, text, document, file: kept as unknown as Json },
      summary: `${path} at ${commit.slice(0, 8)}`,
    };
  }),
);

function documentIn({
  path,
  text,
  parse,
}: {
  readonly path: string;
  readonly text: string;
  readonly parse: string;
}): Json {
  if (parse === 'yaml') {
    const read = readDocument({ file: path, text, schema: z.json() });
    if (read.ok) return read.value;
    throw new StepFailed(`${path} cannot be read: ${read.problems[0]?.message}.`);
  }
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new StepFailed(`${path} is not JSON.`);
  }
}
