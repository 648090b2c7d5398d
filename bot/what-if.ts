import type { AskedOf } from '../src/commands/asked';
import { parseLine } from '../src/commands/grammar';
import type { Answer, AnswerDeps } from './answers';
import type { Catalogue } from './deps';
import { asksForOperation, requestOf, type AskedFrom } from './requests';

/** What policy would say of a command at an instant. The command is read as if it had been typed; nothing is started. */
export async function whatIf(
  deps: Pick<AnswerDeps, 'whatIf' | 'now' | 'waits'>,
  asked: AskedOf<'what-if'>,
  { catalogue, ...from }: AskedFrom & { readonly catalogue: Catalogue | undefined },
): Promise<Answer> {
  const known = catalogue && { ...catalogue, runbooks: catalogue.runbooks.map(({ name }) => name) };
  const parsed = parseLine({ text: asked.command, known });
  if (!parsed.ok) {
    const meant = parsed.didYouMean === undefined ? '' : ` Did you mean: ${parsed.didYouMean}`;
    return misread(`${parsed.problem}${meant}`);
  }
  if (!asksForOperation(parsed.asked))
    return misread(
      'Policy only decides about deploy, rollback, provision and runbook run; put one of these in quotes behind "what-if".',
    );
  const made = requestOf(deps, parsed.asked, { ...from, text: asked.command }, catalogue);
  if (!made.ok) return misread(made.problem);
  const answered = await deps.whatIf({
    request: made.request,
    ...(asked.at === undefined ? {} : { when: asked.at }),
  });
  return answered.ok ? { kind: 'explained', lines: answered.lines } : misread(answered.problem);
}

function misread(sentence: string): Answer {
  return { kind: 'refused', code: 'bad_request', sentence };
}
